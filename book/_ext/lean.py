"""A light site: after it is put together, what no page of it uses is taken out, and what a page needs later waits.

A telephone on a slow network reads these pages, and they are long. Everything here leaves a page as it looks.
"""

import logging
import os
import re
from pathlib import Path

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.errors import ExtensionError

# Pygments marks these, and the style of this book shows them in the colour of the text around them.
PLAIN_TOKENS = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>')

# Sphinx's search, which the theme loads on every page: this book has one of its own (finding.py).
SEARCH_FILES = ("searchtools.js", "language_data.js", "searchindex.js", "sphinx_highlight.js")
SEARCH = re.compile(rf'\s*<script src="[^"]*(?:{"|".join(SEARCH_FILES)})[^"]*"></script>')
ICON_SCRIPT = re.compile(r"\s*<script [^>]*scripts/fontawesome\.js[^>]*></script>")  # 1.5 MB; a font has the icons
TAB_SCRIPT = re.compile(r"\s*<script [^>]*design-tabs\.js[^>]*></script>")
BLOCKING = re.compile(r"<script (?=[^>]*\bsrc=)(?![^>]*\bdefer\b)")
AFTER_OPTIONS = re.compile(r"<script>(?=DOCUMENTATION_OPTIONS\.)")
FIGURE = re.compile(r'<img (?=[^>]*src="([^"]*_images/[^"]+\.svg)")')
VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')

# The theme measures every listing of a page when it has loaded, which lays the whole page out at once.
# reading.js does the same for each listing when it comes into sight.
MEASURES_ALL = re.compile(
    r'document\.querySelectorAll\(\["pre",[^\]]*\]\.join\(", "\)\)(?=\.forEach\(\w=>\{\w\.tabIndex=)'
)

STYLE_LINK = re.compile(r'\s*<link [^>]*\bhref="[^"]*_static/([^"?]+\.css)[^"]*"[^>]*>')
FOREIGN = re.compile(r"""url\((?!["']?data:)["']?([^"')]+)["']?\)""")
ARROW = '<summary><span class="toctree-toggle"'
NAME = re.compile(r"[.#](-?[A-Za-z_][\w-]*)")
PUT_TOGETHER = re.compile(r"([\w-]+-)(?:\$\{|[\"'`]\s*\+)")  # `shift-${place}` in a script
ICON = re.compile(r"\bfa-[\w-]+")
ICON_RULE = re.compile(r'([^{}]+)\{content:"([\ue000-\uf8ff])"\}')
ICON_FONT = "vendor/fontawesome/webfonts/fa-solid-900"


def lighten_page(path):
    """Scripts wait until the page is read, figures until they come near; colour that is none is left out.

    And the arrow that opens the depth pages of a chapter gets a name: the theme leaves it without one.
    """
    text = path.read_text(encoding="utf-8").replace(ARROW, ARROW.replace(">", ' aria-label="more on this chapter">', 1))
    text = PLAIN_TOKENS.sub(r"\1", text)
    text = ICON_SCRIPT.sub("", SEARCH.sub("", text))
    text = text if "sd-tab-set" in text else TAB_SCRIPT.sub("", text)
    # an inline module waits as a deferred script does, and runs after those before it
    text = AFTER_OPTIONS.sub('<script type="module">', BLOCKING.sub("<script defer ", text))
    text = FIGURE.sub(lambda found: f"{found[0]}{figure_size(path.parent / found[1])} ", text)
    path.write_text(text, encoding="utf-8")


def figure_size(path):
    """The attributes that keep a figure's place on the page until it is there."""
    with path.open(encoding="utf-8") as file:
        found = VIEW_BOX.search(file.read(2000))
    if not found:
        raise ExtensionError(f"{path} has no viewBox, so its size is not known")
    width, height = (round(float(size) * 4 / 3) for size in found.groups())  # points to pixels
    return f'loading="lazy" width="{width}" height="{height}"'


def rules_of(sheet, static, is_used):
    """The rules that are used of a style sheet and of what it imports, as they read in a sheet in `static`."""
    for rule in tinycss2.parse_stylesheet(sheet.read_text(encoding="utf-8"), skip_comments=True, skip_whitespace=True):
        if rule.type == "at-rule" and rule.lower_at_keyword == "import":
            (imported,) = (part.value for part in rule.prelude if part.type in ("string", "url"))
            yield from rules_of(sheet.parent / imported, static, is_used)
        else:
            for text in used_rules([rule], is_used):
                yield FOREIGN.sub(lambda found: f"url({os.path.relpath(sheet.parent / found[1], static)})", text)


def used_rules(rules, is_used):
    """The rules of which all classes and ids are used."""
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = re.sub(r":not\([^)]*\)", "", tinycss2.serialize(rule.prelude)).split(",")
            if any("\\" in selector or all(map(is_used, NAME.findall(selector))) for selector in selectors):
                yield rule.serialize()
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inside = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            kept = "".join(used_rules(inside, is_used))
            if kept:
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{kept}}}"
        else:
            yield rule.serialize()


def names_in(texts):
    """Whether a class or id occurs somewhere on the site, or begins as one that a script puts together."""
    words = {word for text in texts for word in re.findall(r"[\w-]+", text)}
    beginnings = tuple({beginning for text in texts for beginning in PUT_TOGETHER.findall(text)})
    return lambda name: name in words or name.startswith(beginnings)


def merge_styles(static, pages, texts):
    """One style sheet for all pages, without the rules that nothing uses: one request, which a browser then keeps."""
    is_used = names_in(texts)
    linked = dict.fromkeys(name for page in pages for name in STYLE_LINK.findall(page.read_text(encoding="utf-8")))
    in_order = sorted(linked, key=lambda name: name == "css/cnn.css")  # the book's own comes last
    style = "".join(rule for name in in_order for rule in rules_of(static / name, static, is_used))
    banner = '@charset "utf-8";\n'
    banner += "/* Made of the style sheets beside it, which name their authors and licences. */\n"
    (static / "book.css").write_text(banner + small_icons(static, style, texts), encoding="utf-8")
    for page in pages:
        first, *others = STYLE_LINK.sub("\0", page.read_text(encoding="utf-8")).split("\0")
        root = "../" * (len(page.relative_to(static.parent).parts) - 1)
        link = f'\n    <link rel="stylesheet" href="{root}_static/book.css" />'
        page.write_text(first + link + "".join(others), encoding="utf-8")


def small_icons(static, style, texts):
    """The style with the icon font cut to the icons that are used: 2 KB of the theme's 157."""
    used = {name for text in texts for name in ICON.findall(text)}
    shown = [ord(icon) for names, icon in ICON_RULE.findall(style) if used.intersection(ICON.findall(names))]
    full, small = f'{ICON_FONT}.woff2) format("woff2")', f'{ICON_FONT}.woff) format("woff")'
    if not shown or full not in style:
        raise ExtensionError("the theme's style sheet has changed: its icons or their font are not found")
    with TTFont(static / f"{ICON_FONT}.ttf") as font:
        subsetter = subset.Subsetter()
        subsetter.populate(unicodes=shown)
        subsetter.subset(font)
        font.flavor = "woff"
        font.save(static / f"{ICON_FONT}.woff")
    return style.replace(full, small)


def lighten_theme(script):
    """Do not measure every listing at once."""
    text, changed = MEASURES_ALL.subn("[]", script.read_text(encoding="utf-8"))
    if changed != 1:
        raise ExtensionError(f"{script.name} has changed: the code that measures every listing is not found")
    script.write_text(text, encoding="utf-8")


def lighten(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    static = site / "_static"
    pages = list(site.rglob("*.html"))
    for path in pages:
        lighten_page(path)
    needless_scripts = [static / name for name in ("scripts/fontawesome.js", *SEARCH_FILES)]
    for needless in [*needless_scripts, *static.rglob("*.map")]:
        needless.unlink(missing_ok=True)
    merge_styles(static, pages, [path.read_text(encoding="utf-8") for path in [*pages, *static.rglob("*.js")]])
    lighten_theme(static / "scripts" / "pydata-sphinx-theme.js")


def setup(app):
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # else it tells what it prunes
    app.connect("build-finished", lighten, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
