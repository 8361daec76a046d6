"""Bridges and records calls with aiortc or pipecat; runs in the references' own venv.

`python bridge.py aiortc|pipecat PORT FOLDER`. POST /calls takes {"caller", "operator"}
(SDP offers) and gives the same with answers; POST /answers takes one offer and answers
it, no more; DELETE /calls ends all; GET /health gives how late its loop is, as the
sidecar's does.
"""

import asyncio
import itertools
import sys
import time
from collections import deque
from pathlib import Path

from aiohttp import web


class Lag:
    """p99 lateness of a timer of 20 ms, over ten seconds."""

    def __init__(self):
        self._late = deque(maxlen=500)

    async def watch(self):
        due = time.monotonic() + 0.02
        while True:
            await asyncio.sleep(due - time.monotonic())
            now = time.monotonic()
            self._late.append(max(0, now - due))
            due = max(due + 0.02, now)

    def p99(self):
        late = sorted(self._late)
        return 1000 * late[int(len(late) * 0.99)] if late else 0.0


class Aiortc:
    """Two peer connections; each track goes to the other one and to a MediaRecorder."""

    def __init__(self, folder, number, offers):
        self._folder, self._number, self._offers = folder, number, offers
        self._closers = []

    async def open(self):
        from aiortc import (
            RTCConfiguration,
            RTCPeerConnection,
            RTCSessionDescription,
        )
        from aiortc.contrib.media import MediaRecorder, MediaRelay

        relay, tracks, connections = MediaRelay(), {}, {}
        for name, sdp in self._offers.items():
            connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
            connection.on("track", lambda t, name=name: tracks.update({name: t}))
            await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
            connections[name] = connection
            self._closers.append(connection.close)
        answers = {}
        for name, connection in connections.items():
            other = "operator" if name == "caller" else "caller"
            connection.addTrack(relay.subscribe(tracks[other]))
            file = self._folder / f"{self._number}-{other}.ogg"
            recorder = MediaRecorder(str(file))
            recorder.addTrack(relay.subscribe(tracks[other]))
            await recorder.start()
            self._closers.insert(0, recorder.stop)
            await connection.setLocalDescription(await connection.createAnswer())
            answers[name] = connection.localDescription.sdp
        return answers

    async def close(self):
        for close in self._closers:
            await close()


class Pipecat:
    """Two transports and two pipelines, each with an AudioBufferProcessor whose PCM
    goes to a file every second: the least that records."""

    def __init__(self, folder, number, offers):
        self._folder, self._number, self._offers = folder, number, offers
        self._tasks, self._files, self._runs = [], [], []

    async def open(self):
        from pipecat.transports.base_transport import TransportParams
        from pipecat.transports.smallwebrtc.connection import SmallWebRTCConnection
        from pipecat.transports.smallwebrtc.transport import SmallWebRTCTransport

        answers, transports = {}, {}
        for name, sdp in self._offers.items():
            connection = SmallWebRTCConnection()
            await connection.initialize(sdp, "offer")
            transports[name] = SmallWebRTCTransport(
                connection,
                TransportParams(audio_in_enabled=True, audio_out_enabled=True),
            )
            answers[name] = connection.get_answer()["sdp"]
        for name, other in (("caller", "operator"), ("operator", "caller")):
            await self._pipe(name, transports[name], transports[other])
        return answers

    async def _pipe(self, name, source, target):
        from pipecat.frames.frames import InputAudioRawFrame, OutputAudioRawFrame
        from pipecat.pipeline.pipeline import Pipeline
        from pipecat.pipeline.runner import PipelineRunner
        from pipecat.pipeline.task import PipelineParams, PipelineTask
        from pipecat.processors.audio.audio_buffer_processor import (
            AudioBufferProcessor,
        )
        from pipecat.processors.frame_processor import FrameProcessor

        class PassOn(FrameProcessor):
            """What one side says is what the other is to hear."""

            async def process_frame(self, frame, direction):
                await super().process_frame(frame, direction)
                if isinstance(frame, InputAudioRawFrame):
                    frame = OutputAudioRawFrame(
                        audio=frame.audio,
                        sample_rate=frame.sample_rate,
                        num_channels=frame.num_channels,
                    )
                await self.push_frame(frame, direction)

        file = (self._folder / f"{self._number}-{name}.pcm").open("wb")
        self._files.append(file)
        tape = AudioBufferProcessor(num_channels=1, buffer_size=32000)

        @tape.event_handler("on_track_audio_data")
        async def write(_tape, user, _bot, _rate, _channels):
            file.write(user)
            file.flush()

        pipeline = Pipeline([source.input(), tape, PassOn(), target.output()])
        task = PipelineTask(
            pipeline,
            params=PipelineParams(
                audio_in_sample_rate=16000, audio_out_sample_rate=16000
            ),
            cancel_on_idle_timeout=False,
        )

        # started with the pipeline, not with the offer
        async def record():
            await asyncio.sleep(0.5)
            await tape.start_recording()

        self._tasks.append(task)
        runner = PipelineRunner(handle_sigint=False)
        self._runs += [
            asyncio.create_task(runner.run(task)),
            asyncio.create_task(record()),
        ]

    async def close(self):
        for task in self._tasks:
            await task.cancel()
        await asyncio.wait(self._runs, timeout=5)
        for file in self._files:
            file.close()


KINDS = {"aiortc": Aiortc, "pipecat": Pipecat}


def main(kind, port, folder):
    numbers, calls, answered, lag = itertools.count(), [], [], Lag()

    async def open_call(request):
        call = KINDS[kind](Path(folder), next(numbers), await request.json())
        answers = await call.open()
        calls.append(call)
        return web.json_response(answers)

    async def answer(request):
        from pipecat.transports.smallwebrtc.connection import SmallWebRTCConnection

        connection = SmallWebRTCConnection()
        await connection.initialize((await request.json())["offer"], "offer")
        answered.append(connection)
        return web.json_response(connection.get_answer())

    async def close_calls(_request):
        await asyncio.gather(*(call.close() for call in calls), return_exceptions=True)
        calls.clear()
        while answered:
            await answered.pop().disconnect()
        return web.json_response({})

    async def health(_request):
        return web.json_response({"calls": len(calls), "lag_ms": lag.p99()})

    async def watch(app):
        app["watch"] = asyncio.create_task(lag.watch())

    if kind == "pipecat":
        from loguru import logger

        logger.remove()
        logger.add(sys.stderr, level="ERROR")
    app = web.Application()
    app.router.add_post("/calls", open_call)
    app.router.add_post("/answers", answer)
    app.router.add_delete("/calls", close_calls)
    app.router.add_get("/health", health)
    app.on_startup.append(watch)
    web.run_app(app, host="127.0.0.1", port=int(port), print=None, access_log=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
