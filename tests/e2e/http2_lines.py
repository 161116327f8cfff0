# SPDX-License-Identifier: Apache-2.0
"""The lines of http2_refusals.yaml and http2_answers.yaml as bytes; the first says how they are written."""
from http2 import ACK, END_HEADERS, END_STREAM, GET, PADDED, TYPES, frame_bytes

POST = [(":method", "POST"), *GET[1:]]
FLAGS = {"end": END_STREAM, "ack": ACK, "padded": PADDED, "more": 0}


def fields_of(text):
    fields = []
    for part in text.split("; "):
        if part == "$get":
            fields += GET
        elif part == "$post":
            fields += POST
        else:
            name, _, value = part[1:].partition(":") if part.startswith(":") else part.partition(":")
            fields.append(((":" if part.startswith(":") else "") + name, value[1:] if value.startswith(" ") else value))
    return fields


def hex_bytes(text):
    digits, _, count = text.replace(" ", "").partition("*")
    return bytes.fromhex(digits) * int(count or 1)


def line_bytes(block, line):
    """`block`: makes a field block of fields."""
    head, _, payload = line.partition("|")
    payload = payload[1:] if payload.startswith(" ") else payload
    words = head.split()
    if words[0] == "FRAME":
        return frame_bytes(int(words[1]), int(words[2]), int(words[3]), hex_bytes(payload))
    stream = int(words[1])
    flags = sum(FLAGS[word] for word in words[2:])
    if words[0] in ("HEADERS", "CONTINUATION"):
        return frame_bytes(words[0], flags | (0 if "more" in words else END_HEADERS), stream, block(fields_of(payload)))
    data = payload.encode() if words[0] == "DATA" else hex_bytes(payload)
    return frame_bytes(TYPES.index(words[0]), flags, stream, data)
