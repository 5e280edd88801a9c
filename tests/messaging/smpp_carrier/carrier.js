// The carrier's end of a bind. It says what happens as JSON lines on stdout and takes its manners as JSON lines on stdin.
// It ends with its stdin, so that it never outlives the test that started it. Given a file with a key and a certificate,
// it speaks TLS.
"use strict";

const fs = require("fs");
const readline = require("readline");
const smpp = require("smpp");

const SYSTEM_ID = "portal";
const PASSWORD = "smpp-word";
const OK = 0;

let status = OK; // what the next submit_sm are answered with
let times = 0; // so often; after that they are taken
let silent = false; // no answer at all
let deaf = false; // not even to enquire_link
let receipts = false; // a delivery receipt right after each answer
let shout = ""; // the way in which it says a text back
let next = ""; // the id of the next text
let number = 0;
const sessions = new Set();
const unanswered = [];

function say(event) {
  process.stdout.write(JSON.stringify(event) + "\n");
}

function bind(session, pdu) {
  const known = pdu.system_id === SYSTEM_ID && pdu.password === PASSWORD;
  session.send(pdu.response({ command_status: known ? OK : smpp.ESME_RINVPASWD }));
  say({ event: "bind", known, command: pdu.command });
}

function submit(session, pdu) {
  number += 1;
  const id = next || `M${number}`;
  next = "";
  const header = pdu.short_message.udh ? Buffer.concat(pdu.short_message.udh.map((part) => Buffer.from(part))) : null;
  say({
    event: "submit",
    id,
    to: pdu.destination_addr,
    from: pdu.source_addr,
    source_ton: pdu.source_addr_ton,
    text: pdu.short_message.message,
    data_coding: pdu.data_coding,
    header: header ? header.toString("hex") : "",
    registered: pdu.registered_delivery,
    validity: String(pdu.validity_period),
  });
  if (silent) {
    unanswered.push([session, pdu, id]);
    return;
  }
  if (times > 0) {
    times -= 1;
    session.send(pdu.response({ command_status: status }));
    return;
  }
  if (shout) {
    SHOUTS[shout](session, pdu, pdu.short_message.message);
    return;
  }
  session.send(pdu.response({ message_id: id }));
  if (receipts) deliver({ id, stat: "DELIVRD" });
}

const REFUSED = 0x0b;

const SHOUTS = {
  id: (session, pdu, text) => session.send(pdu.response({ message_id: text })),
  refused: (session, pdu, text) => session.send(pdu.response({ command_status: REFUSED, message_id: text })),
  fault: (session, pdu, text) => session.send(pdu.response({ command_status: smpp.ESME_RSYSERR, message_id: text })),
  cut: (session, pdu, text) => session.socket.end(text),
  broken: (session, pdu, text) => session.socket.write(`${text}${text}${text}`),
  unknown: (session, pdu, text) => {
    session.data_sm({ source_addr: "1", destination_addr: "portal", message_payload: text });
    session.send(pdu.response({ message_id: "M1" }));
  },
  receipt: (session, pdu, text) => {
    session.send(pdu.response({ message_id: "M1" }));
    for (const said of [`id:M1 stat:UNDELIV err:001 text:${text}`, `id:M1 stat:${text}`, text]) {
      session.deliver_sm({ source_addr: "1", destination_addr: "portal", esm_class: 4, short_message: said });
    }
    session.deliver_sm({ source_addr: "1", destination_addr: "portal", receipted_message_id: text, message_state: 2 });
  },
};

function deliver(receipt) {
  const text =
    receipt.raw || `id:${receipt.id} sub:001 dlvrd:001 submit date:2511190200 done date:2511190201 stat:${receipt.stat} err:000 text:123456`;
  for (const session of sessions) {
    session.deliver_sm(
      { source_addr: "85291234567", destination_addr: "portal", esm_class: receipt.raw ? 0 : 4, short_message: text },
      (answer) => say({ event: "delivered", status: answer.command_status }),
    );
    return;
  }
}

const pem = process.argv[3] ? fs.readFileSync(process.argv[3]) : null;
const server = smpp.createServer(pem ? { key: pem, cert: pem } : {}, (session) => {
  sessions.add(session);
  session.on("bind_transceiver", (pdu) => bind(session, pdu));
  session.on("bind_transmitter", (pdu) => bind(session, pdu));
  session.on("bind_receiver", (pdu) => bind(session, pdu));
  session.on("submit_sm", (pdu) => submit(session, pdu));
  session.on("enquire_link", (pdu) => {
    say({ event: "enquire" });
    if (!deaf) session.send(pdu.response());
  });
  session.on("unbind", (pdu) => {
    say({ event: "unbind" });
    session.send(pdu.response());
    session.close();
  });
  session.on("close", () => sessions.delete(session));
  session.on("error", () => sessions.delete(session));
});
server.listen(Number(process.argv[2] || 0), "127.0.0.1", () => say({ event: "listening", port: server.address().port }));

const orders = readline.createInterface({ input: process.stdin });
orders.on("line", (line) => {
  const order = JSON.parse(line);
  if ("status" in order) [status, times] = [order.status, order.times];
  if ("silent" in order) silent = order.silent;
  if ("deaf" in order) deaf = order.deaf;
  if ("receipts" in order) receipts = order.receipts;
  if ("shout" in order) shout = order.shout;
  if ("id" in order) next = order.id;
  if (order.deliver) deliver(order.deliver);
  if (order.answer) for (const [session, pdu, id] of unanswered.splice(0)) session.send(pdu.response({ message_id: id }));
  if (order.cut) for (const session of sessions) session.socket.destroy();
  say({ event: "done" });
});
orders.on("close", () => process.exit(0));
