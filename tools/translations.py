"""`make translations`: what there is to translate, and what is not translated yet.

Writes each module's i18n/<module>.pot anew, brings its .po files up to date with it
(new terms empty, old ones out) and counts. `python -m tools.translations --list de`
prints the terms that German lacks.
"""

import argparse

import polib

from tools import commands, databases, modules, postgres
from tools.paths import DEV_DIR, ROOT
from tools.run import run
from tools.say import main, say

LANGUAGES = ("es", "de", "fr", "pt_BR", "ar")
# that change with every export and say nothing
HEADERS = ("POT-Creation-Date", "PO-Revision-Date")


def translations():
    options = _options()
    with postgres.running():
        _export()
    for module in modules.own():
        for language in options.list or LANGUAGES:
            found = update(module, language)
            say(module, f"{language}: {len(found)} terms are not translated")
            for entry in found if options.list else ():
                print(f"    {entry.msgid!r}")


def update(module, language):
    """Bring one .po up to date with its .pot; its entries without a translation."""
    folder = ROOT / module / "i18n"
    template = polib.pofile(folder / f"{module}.pot", wrapwidth=78)
    path = folder / f"{language}.po"
    if not path.exists():
        return list(template)
    catalogue = polib.pofile(path, wrapwidth=78)
    catalogue.merge(template)
    for entry in catalogue.obsolete_entries():
        catalogue.remove(entry)
    _save(catalogue, path)
    return catalogue.untranslated_entries()


def _export():
    with databases.copied(databases.template(), "translations") as name:
        command = commands.odoo("i18n", "export", "-d", name, *modules.own())
        run(command, "translations", cwd=DEV_DIR, env=commands.environment())
    for module in modules.own():
        path = ROOT / module / f"i18n/{module}.pot"
        _save(polib.pofile(path, wrapwidth=78), path)


def _save(catalogue, path):
    for name in HEADERS:
        catalogue.metadata.pop(name, None)
    catalogue.sort(key=lambda entry: (entry.msgid, entry.msgctxt or ""))
    catalogue.save(path)


def _options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--list", nargs="+", choices=LANGUAGES, help="show the terms they lack"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main(translations)
