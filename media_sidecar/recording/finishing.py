"""Makes the files of a recording that is over: a process of its own, and a kind one.

`python -m media_sidecar.recording.finishing <folder>` reads the journal, lays the
tracks, mixes them and seals each as it is made; nothing ever lies on the disk in the
clear. `finished.json` comes last, then the journal goes. Killed at any moment, it is
begun again and makes the same. Decoding an hour takes seconds of a processor, which the
media loop must not miss: hence the process, at the lowest priority.
"""

import hashlib
import logging
import os
import sys
from pathlib import Path

from media_sidecar.recording import keys, laying, mixing, ogg, sealed
from media_sidecar.recording.folder import Folder
from media_sidecar.recording.opus_packet import RATE

logger = logging.getLogger(__name__)


def finish(folder: Folder, local_key: keys.LocalKey) -> dict:
    """Seal the tracks; what `finished.json` then says.

    Raises keys.KeyLost, OSError (a full disk: try again when there is room).
    """
    about = folder.read("recording.json")
    key = local_key.unwrap((folder / "key").read_bytes(), folder.uid)
    length, pauses, stopped = laying.span(folder / "journal", key)
    maker = _Maker(folder, key, length, pauses)
    finished = {
        "tracks": maker.tracks(about["tracks"]),
        "recovered": not stopped,
    }
    if folder.erased():  # while we worked
        folder.erase(folder.erased())
        return {}
    folder.write("finished.json", finished)
    (folder / "journal").unlink()
    return finished


class _Maker:
    def __init__(self, folder, key, length, pauses):
        self._folder = folder
        self._key = key
        self._length = length
        self._pauses = pauses

    def tracks(self, names):
        made = [self._track(name) for name in names if self._length]
        if len(made) == 2:
            gaps = [track["gaps"] for track in made]
            made.append(self._mix(names, _common(*gaps)))
        return made

    def _track(self, name):
        layer = self._layer(name)
        written = self._seal(name, layer.packets())
        peaks = mixing.Peaks()
        for _block in peaks.watch(self._sound(name)):
            pass
        return self._described(name, written, peaks, layer.gaps)

    def _mix(self, names, gaps):
        peaks = mixing.Peaks()
        blocks = mixing.mixed(*(self._sound(name) for name in names))
        written = self._seal("mix", mixing.encoded(peaks.watch(blocks)))
        return self._described("mix", written, peaks, None) | {"gaps": gaps}

    def _layer(self, name):
        number = sealed.TRACKS[name]
        path = self._folder / "journal"
        return laying.Layer(path, self._key, number, self._length, self._pauses)

    def _sound(self, name):
        length = self._length * mixing.RATE // RATE
        return mixing.decoded(self._layer(name).packets(), length)

    def _seal(self, name, packets):
        """Sizes and checksum of the file, which is there whole or not at all."""
        fresh = self._folder / f".{name}.wcr"
        digest, size, plain = hashlib.sha256(), 0, _Counted()
        pages = plain.count(
            ogg.opus_file(packets, self._length, serial=sealed.TRACKS[name])
        )
        with open(fresh, "wb") as file:
            for piece in sealed.seal(pages, self._key, name):
                file.write(piece)
                digest.update(piece)
                size += len(piece)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self._folder / f"{name}.wcr")
        return {"size": size, "sha256": digest.hexdigest(), "plain_size": plain.size}

    def _described(self, name, written, peaks, gaps):
        return {
            "track": name,
            **written,
            # what a decoder really made of it, against what the clock said
            "duration_ms": round(peaks.samples * 1000 / mixing.RATE),
            "expected_ms": round(self._length * 1000 / RATE),
            "peaks": peaks.values,
            "gaps": [
                [since * 1000 // RATE, until * 1000 // RATE]
                for since, until in gaps or ()
            ],
        }


class _Counted:
    """Counts the bytes that pass."""

    def __init__(self):
        self.size = 0

    def count(self, pieces):
        for piece in pieces:
            self.size += len(piece)
            yield piece


def _common(first, second):
    """Where both tracks have a gap; lists of [from, to]."""
    found = []
    for since, until in first:
        for begin, end in second:
            if max(since, begin) < min(until, end):
                found.append([max(since, begin), min(until, end)])
    return found


def main(path: Path) -> int:
    """0: finished; 3: it can never be (its key is lost); 1: try again later."""
    os.nice(19)
    folder = Folder(path.parent, path.name)
    try:
        finish(folder, keys.LocalKey(path.parent / "local.key"))
    except (keys.KeyLost, FileNotFoundError) as error:
        logger.error("recording %s cannot be finished: %s", folder.uid, error)
        return 3
    except OSError as error:
        logger.error("recording %s is not finished yet: %s", folder.uid, error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
