"""A carrier that can be killed: `python -m tests.faults.carrier_process PORT FILE`.

Each reference that it has taken is in the file before it is answered, so that what was taken is known whatever becomes
of the process. A reference that comes again is answered as before and written down again.
"""

import json
import os
import random
import socket
import sys
import time

from tests.messaging.servers import read_request, reply, serve


def main(port: int, file: str) -> None:
    """Serve until killed. Of a hundred numbers three are refused for good."""
    dice = random.Random(2026)
    kept = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def treat(connection: socket.socket) -> None:
        body = json.loads(read_request(connection))
        time.sleep(dice.uniform(0.0, 0.05))
        if int(body["text"][:6]) % 33 == 0:
            connection.sendall(reply("400 Bad Request"))
            return
        os.write(kept, f"{body['reference']}\n".encode())
        time.sleep(dice.uniform(0.0, 0.05))
        connection.sendall(reply("202 Accepted", json.dumps({"id": body["reference"]}).encode()))

    with serve(treat, port):
        while True:
            time.sleep(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
