"""The five languages: complete, with the source's placeholders and tags, and in use."""

import io
import re
from collections import Counter

import polib

from odoo.exceptions import AccessError
from odoo.modules import get_module_path
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.translate import CodeTranslations, trans_export

from .common import WhatsappCallingCase

LANGUAGES = {
    "es": "es_ES",
    "de": "de_DE",
    "fr": "fr_FR",
    "pt_BR": "pt_BR",
    "ar": "ar_001",
}
ENOUGH = 0.99
PLACEHOLDER = re.compile(
    r"%\(\w+\)[sdif]|%[sdi%]|\$\{[^}]*\}|\{\{[^}]*\}\}|#\{[^}]*\}|\{\w*\}"
)
TAG = re.compile(r"</?[a-zA-Z][^>]*>")
SPOKEN = re.compile(r'\s(?:title|alt|aria-label|placeholder)="[^"]*"')
# what stays as it is in every language
SAME = re.compile(
    r"[\W\d_]*|(e\.g\. )?[\d+ ]+|WhatsApp( Calling)?|Odoo|Meta|\W*%\(\w+\)s\W*"
)


def tags(text):
    """The tags of a text, but for what their attributes say to people."""
    return Counter(SPOKEN.sub("", tag) for tag in TAG.findall(text))


@tagged("post_install", "-at_install")
class TestTranslations(WhatsappCallingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        installed = cls.env["ir.module.module"].search(
            [("name", "=like", "whatsapp_calling%"), ("state", "=", "installed")]
        )
        cls.modules = sorted(installed.mapped("name"))

    def each(self):
        """(module, language, its catalogue) with a sub-test around each."""
        for module in self.modules:
            for language in LANGUAGES:
                with self.subTest(module=module, language=language):
                    yield module, language, self.catalogue(module, language)

    def catalogue(self, module, language):
        return polib.pofile(f"{get_module_path(module)}/i18n/{language}.po")

    def translated(self, module, language):
        return [entry for entry in self.catalogue(module, language) if entry.msgstr]

    def source_terms(self, module):
        """What the product has to translate today, whatever the .pot says."""
        buffer = io.BytesIO()
        trans_export(False, [module], buffer, "po", self.env)
        exported = polib.pofile(buffer.getvalue().decode())
        return {entry.msgid for entry in exported if not SAME.fullmatch(entry.msgid)}

    def test_no_term_is_left_untranslated(self):
        for module in self.modules:
            terms = self.source_terms(module)
            for language in LANGUAGES:
                with self.subTest(module=module, language=language):
                    entries = self.translated(module, language)
                    done = {entry.msgid for entry in entries if not entry.fuzzy}
                    missing = sorted(terms - done)
                    share = 1 - len(missing) / len(terms)
                    self.assertGreater(share, ENOUGH, missing[:20])

    def test_the_template_has_the_terms_of_the_product(self):
        for module in self.modules:
            with self.subTest(module=module):
                path = f"{get_module_path(module)}/i18n/{module}.pot"
                template = {entry.msgid for entry in polib.pofile(path)}
                missing = sorted(self.source_terms(module) - template)
                self.assertFalse(missing[:20], "make translations")

    def test_placeholders_are_those_of_the_source(self):
        for module, language, _catalogue in self.each():
            for entry in self.translated(module, language):
                self.assertEqual(
                    Counter(PLACEHOLDER.findall(entry.msgstr)),
                    Counter(PLACEHOLDER.findall(entry.msgid)),
                    entry.msgid,
                )

    def test_tags_are_those_of_the_source(self):
        for module, language, _catalogue in self.each():
            for entry in self.translated(module, language):
                self.assertEqual(tags(entry.msgstr), tags(entry.msgid), entry.msgid)
                self.assertTrue(balanced(entry.msgstr), entry.msgid)

    def test_catalogues_load_and_a_view_is_translated(self):
        for language, code in LANGUAGES.items():
            with self.subTest(language=language):
                self.activate(code)
                guide = self.env["whatsapp.calling.guide"].with_user(self.anna)
                html = guide.with_context(lang=code).pages()[0]["html"]
                title = self.translation(language, "For operators")
                self.assertIn(f"<h1>{title}</h1>", html)
                menu = self.env.ref("whatsapp_calling.whatsapp_call_permission_menu")
                self.assertEqual(
                    menu.with_context(lang=code).name,
                    self.translation(language, "Permissions"),
                )

    def test_a_term_of_the_browser_is_translated(self):
        for language, code in LANGUAGES.items():
            with self.subTest(language=language):
                terms = CodeTranslations().get_web_translations(
                    "whatsapp_calling", code
                )
                found = {term["id"]: term["string"] for term in terms["messages"]}
                source = "Decline without a message"
                self.assertEqual(found[source], self.translation(language, source))

    def test_an_error_of_the_server_is_translated(self):
        source = "The guide is for users of WhatsApp Calling."
        for language, code in LANGUAGES.items():
            with self.subTest(language=language):
                self.activate(code)
                guide = self.env["whatsapp.calling.guide"].with_user(self.nora)
                with self.assertRaises(AccessError) as caught:
                    guide.with_context(lang=code).pages()
                self.assertEqual(
                    str(caught.exception), self.translation(language, source)
                )

    def translation(self, language, source):
        """Of the catalogue; a translation, not the English again."""
        text = self.catalogue("whatsapp_calling", language).find(source).msgstr
        self.assertTrue(text and text != source)
        return text

    @mute_logger("odoo.addons.base.models.ir_module")
    def activate(self, code):
        self.env["res.lang"]._activate_lang(code)
        with self.assertNoLogs("odoo.tools.translate", "WARNING"):
            self.env["ir.module.module"]._load_module_terms(
                self.modules, [code], overwrite=True
            )


def balanced(text):
    """Whether each tag of a term is closed in the order it was opened."""
    open_tags = []
    for tag in TAG.findall(text):
        name = re.match(r"</?(\w+)", tag)[1]
        if tag.startswith("</"):
            if not open_tags or open_tags.pop() != name:
                return False
        elif not tag.endswith("/>") and name not in ("br", "img", "hr"):
            open_tags.append(name)
    return not open_tags
