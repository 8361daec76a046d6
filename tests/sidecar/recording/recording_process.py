"""Records both sides of a call in real time, to be killed while it does.

`python -m tests.sidecar.recording.recording_process <state dir> <key> <file>`; the file
always says how many seconds were recorded (a double).
"""

import asyncio
import mmap
import struct
import sys
import time
from pathlib import Path

from media_sidecar.recording.library import Library
from media_sidecar.rtc.packet import Packet
from tests.sidecar.recording import sounds
from tests.sidecar.recording.conftest import CALL, UID


async def record(state, key, said):
    agent, caller = sounds.tone_packets(440, 6), sounds.tone_packets(1000, 6)
    library = Library(Path(state), None)
    wanted = {"agent": True, "caller": True, "key": key, "recording": UID}
    recorder = library.recorder(CALL, wanted)
    recorder.start()
    began = time.monotonic()
    for index in range(len(agent)):
        await asyncio.sleep(max(0, began + index / 50 - time.monotonic()))
        recorder.caller(Packet(caller[index], index, 960 * index, time.monotonic()))
        recorder.agent(agent[index], 960 * index)
        struct.pack_into("d", said, 0, time.monotonic() - began)


def main():
    state, key, progress = sys.argv[1:]
    with open(progress, "r+b") as file, mmap.mmap(file.fileno(), 8) as said:
        asyncio.run(record(state, key, said))


if __name__ == "__main__":
    main()
