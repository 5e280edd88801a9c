import sys, tempfile, subprocess, os
from pathlib import Path
from tests.benchmarks.carrier import Carrier
from tests.benchmarks.cluster import Cluster, OWNER
from tests.benchmarks.processes import Processes
from tests.benchmarks import site
import time
with tempfile.TemporaryDirectory(prefix="portal-bench-") as d:
    folder=Path(d); folder.chmod(0o711)
    carrier=Carrier(); ps=Processes(folder)
    try:
        t=time.time()
        cl=Cluster(ps, folder/"postgres", site.clean_environment())
        env=site.production(folder, carrier)
        site.prepare(ps, cl, "small", env, 1000)
        print("prepared", time.time()-t)
        r=site.start_redis(ps, folder, "redis")
        e={**env, "DATABASE_URL": cl.url("small", OWNER), "REDIS_URL": r}
        print(ps.run("profile", sys.executable, "-m", "tests.benchmarks.profiling", env=e, seconds=300))
    finally:
        ps.stop(); carrier.stop()
