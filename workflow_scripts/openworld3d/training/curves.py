"""TensorBoard's curves, written where they are added.

TensorBoard's own writer hands them to a thread, and older versions wait for ever for one that a full disk has ended.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard.summary import scalar


class CurveWriter:
    """Writes an event file into a new folder; each method raises OSError where the disk is full."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}"
        self.records = RecordWriter((folder / name).open("wb"))
        self.write(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def add(self, curve: str, value: float, epoch: int) -> None:
        """Add a point to a curve."""
        self.write(Event(wall_time=time.time(), step=epoch, summary=scalar(curve, value)))

    def write(self, event: Event) -> None:
        """Append an event to the file."""
        self.records.write(event.SerializeToString())

    def flush(self) -> None:
        """Write to the disk what has been added."""
        self.records.flush()

    def close(self) -> None:
        """End the file."""
        self.records.close()
