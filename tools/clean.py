"""`make clean`: stop the cluster and delete all state of this clone."""

import shutil

from tools import postgres
from tools.paths import DEV_DIR
from tools.say import main, say


def clean():
    home = postgres.home()
    if (home / "data").exists():
        postgres.stop()
    if not home.is_relative_to(DEV_DIR):
        shutil.rmtree(home.parent, ignore_errors=True)
    shutil.rmtree(DEV_DIR, ignore_errors=True)
    say("clean", f"{DEV_DIR} is gone")


if __name__ == "__main__":
    main(clean)
