"""Tasks that somebody keeps, and whose failures are logged."""

import asyncio
import logging

logger = logging.getLogger(__name__)


def spawn(tasks: set[asyncio.Task], coroutine) -> asyncio.Task:
    """A task that is kept until it is done, and whose failure is logged."""
    task = asyncio.create_task(coroutine)
    tasks.add(task)

    def done(task: asyncio.Task) -> None:
        tasks.discard(task)
        if not task.cancelled() and task.exception():
            logger.error("A task of a call failed", exc_info=task.exception())

    task.add_done_callback(done)
    return task
