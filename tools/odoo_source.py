"""A private Odoo 19: Debian's package unpacked, or the person's own source.

Nothing of it is installed on the system, and the system's package lists are left
alone: the suite that has the package is read through private lists.
"""

import os
import shutil
from pathlib import Path

from tools.paths import DEV_DIR
from tools.run import output, run
from tools.say import SetupError, say
from tools.stamps import digest, is_current, set_current

SUITE = "sid"
PACKAGE = "odoo-19"
# jQuery: Debian links it into the web addon, a relative link within the same tree
PACKAGES = (PACKAGE, "libjs-jquery")
# Taken out of Debian's package, though the web client's bundle names it: without
# the file each page logs an error, and an error on the page fails a browser test.
SELFIE = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"
MENDS = "2"  # change it when _mend does more
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

PRIVATE_ROOT = DEV_DIR / "odoo"
PRIVATE_PYTHON = PRIVATE_ROOT / "usr/lib/python3/dist-packages"


def source():
    """The folder that holds the package `odoo`: what goes on PYTHONPATH."""
    own = os.environ.get("ODOO_SOURCE")
    return Path(own).expanduser().resolve() if own else PRIVATE_PYTHON


def identity():
    """A text that changes when the Odoo in use is another one."""
    release = source() / "odoo/release.py"
    return digest(str(source()), release) if release.exists() else ""


def set_up():
    if os.environ.get("ODOO_SOURCE"):
        _check_own()
        return
    value = digest(*PACKAGES, SUITE, SELFIE, "1")
    if is_current("odoo", value) and (PRIVATE_PYTHON / "odoo/release.py").exists():
        say("odoo", "private Odoo 19 is there")
    else:
        shutil.rmtree(PRIVATE_ROOT, ignore_errors=True)
        _unpack(_download())
        set_current("odoo", value)
        say("odoo", f"private Odoo 19 in {PRIVATE_ROOT}")
    mended = digest(value, MENDS)
    if not is_current("odoo-mends", mended):
        _mend()
        set_current("odoo-mends", mended)


def _check_own():
    release = source() / "odoo/release.py"
    if not release.exists():
        raise SetupError(f"ODOO_SOURCE={source()} has no odoo/release.py")
    version = {}
    exec(compile(release.read_text(), str(release), "exec"), version)  # noqa: S102
    if version["version_info"][0] != 19:
        raise SetupError(f"ODOO_SOURCE={source()} is not Odoo 19")
    say("odoo", f"using {source()}")


def _sites():
    """Debian mirrors of the machine's own configuration, the likely ones first."""
    query = ["apt-get", "indextargets", "--format", "$(SITE)"]
    found = (
        output(query).splitlines() or output([*query, "--no-release-info"]).splitlines()
    )
    unique = dict.fromkeys(site for site in found if site)
    return sorted(unique, key=lambda site: not site.rstrip("/").endswith("/debian"))


def _download():
    """Fetch the packages through private lists; returns the folder they are in."""
    folder = DEV_DIR / "apt"
    for name in ("lists/partial", "cache/archives/partial", "packages"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    options = [
        f"Dir::State::Lists={folder}/lists",
        f"Dir::Cache={folder}/cache",
        f"Dir::Etc::SourceList={folder}/sources.list",
        "Dir::Etc::SourceParts=/dev/null",
        "APT::Sandbox::User=root",
        "Acquire::Languages=none",
    ]
    apt = ["apt-get"] + [part for option in options for part in ("-o", option)]
    sites = _sites()
    if not sites:
        raise SetupError("apt-get knows no Debian mirror: run 'apt-get update' once.")
    for site in sites:
        line = f"deb [signed-by={KEYRING}] {site} {SUITE} main\n"
        (folder / "sources.list").write_text(line)
        try:
            say("odoo", f"reading the package list of {SUITE}")
            run([*apt, "update"], "odoo")
            say("odoo", f"fetching {' '.join(PACKAGES)} (125 MB)")
            run([*apt, "download", *PACKAGES], "odoo", cwd=folder / "packages")
            return folder / "packages"
        except SetupError as error:
            last = error
    raise SetupError(
        f"No mirror of this machine gave {PACKAGE} from {SUITE}. Point ODOO_SOURCE "
        f"at a source of Odoo 19 instead.\n{last}"
    )


def _unpack(folder):
    say("odoo", "unpacking")
    for name in PACKAGES:
        archive = max(folder.glob(f"{name}_*.deb"), key=os.path.getmtime)
        run(["dpkg", "-x", archive, PRIVATE_ROOT], "odoo")
    shutil.rmtree(folder.parent, ignore_errors=True)


def _mend():
    selfie = PRIVATE_PYTHON / "odoo/addons" / SELFIE
    if not selfie.exists():
        selfie.parent.mkdir(parents=True, exist_ok=True)
        selfie.write_text("/* not part of Debian's package */\n")
    # a second copy of the addons without their data: it only slows module scans
    shutil.rmtree(PRIVATE_PYTHON / "addons", ignore_errors=True)
    # links to fonts and scripts of packages that are not there: nothing needs them,
    # but a lint test that opens every file stops at the first
    for path in PRIVATE_PYTHON.rglob("*"):
        if path.is_symlink() and not path.exists():
            path.unlink()
