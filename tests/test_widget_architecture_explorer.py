"""The explorer of architectures shows the numbers of cnncourse.architectures, for what is chosen, changed or written.

That its JavaScript counts as the package does is tested without a browser: test_architectures_in_the_browser.py.
"""

import json
import re

import numpy as np
import pytest

from cnncourse.architectures import build, explorer, memory, named, names, node_table, read, table
from cnncourse.architectures.counting import count
from cnncourse.architectures.tables import sees

DATA = explorer("VGG-16")
# The cells of a line, without what stands small below
WRITTEN = """row => [...row.cells].map(cell => [...cell.childNodes].filter(node => node.tagName !== "SMALL")
  .map(node => node.textContent).join("").trim())"""


@pytest.fixture
def show(widget):
    """Open the explorer with one network, or two."""

    def opened(*shown):
        script = f'<script type="application/json">{json.dumps(explorer(*shown))}</script>'
        return widget(
            "architecture-explorer", f'<architecture-explorer class="cnn-widget">{script}</architecture-explorer>'
        )

    return opened


def call(tab, function, *arguments):
    return tab.evaluate("([f, a]) => cnn['architecture-explorer'][f](...a)", [function, list(arguments)])


def said(tab):
    return tab.locator(".cnn-status").inner_text()


def group(tab, number):
    return tab.get_by_role("group", name=["The network", "The network to compare with"][number], exact=True)


def choose(tab, network, other=None):
    tab.get_by_label("Network", exact=True).select_option(network)
    tab.get_by_label("Compare with", exact=True).select_option(other or "none")


def rows(tab):
    """name -> [parameters, MACs, sees], as they are written."""
    found = {}
    for row in tab.locator(".explorer-grid tbody tr").all():
        name, *numbers = row.evaluate(WRITTEN)
        found[name] = numbers
    return found


def totals(tab, column=0):
    found = {}
    for row in tab.locator(".explorer-totals tbody tr").all():
        found[row.locator("th").inner_text()] = row.locator("td").nth(column).inner_text()
    return found


def write(tab, text):
    tab.get_by_label("Your own network").fill(text)
    tab.get_by_label("Your own network").dispatch_event("change")


def test_the_data_are_small_and_the_photograph_is_the_cat():
    assert len(json.dumps(DATA)) < 150_000
    assert (DATA["network"], DATA["other"]) == ("VGG-16", None)
    with pytest.raises(ValueError, match="there is no network 'VGG-17'"):
        explorer("VGG-17")
    with pytest.raises(ValueError, match="there is no network 'VGG-17'"):
        explorer("VGG-16", "VGG-17")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (416520, "416,520"),
        (999999, "999,999"),
        (1e6, "1 M"),
        (25557032, "25.6 M"),
        (999999999, "1 G"),
        (3.858e9, "3.86 G"),
    ],
)
def test_a_number_below_a_million_has_all_its_digits_and_a_larger_one_three(show, number, text):
    assert call(show("LeNet-5"), "short", number) == text


def test_bytes_ratios_and_shares_are_written_in_few_characters(show):
    tab = show("LeNet-5")
    assert [call(tab, "bytes", n) for n in (999, 1000, 553430176, 2.27e9)] == ["999 B", "1 kB", "553 MB", "2.27 GB"]
    assert [call(tab, "ratio", *pair) for pair in ((2, 8), (3, 1), (1, 1234), (0, 5), (5, 0))] == [
        "4.0 ×",
        "0.33 ×",
        "1,234 ×",
        "–",
        "–",
    ]
    assert [call(tab, "percent", n, 1000) for n in (0, 0.1, 5, 125, 1000)] == [
        "0 %",
        "under 0.1 %",
        "0.5 %",
        "12.5 %",
        "100 %",
    ]


def test_settings_have_the_values_that_the_spec_gives_them_in_its_order(show):
    tab = show("LeNet-5")
    spec = {"settings": {"f": "4", "g": "2*f", "k": "3x3", "on": "g > f"}}
    assert call(tab, "settingsOf", spec) == {"f": 4, "g": 8, "k": [3, 3], "on": True}
    assert call(tab, "settingsOf", spec, {"f": 5}) == {"f": 5, "g": 10, "k": [3, 3], "on": True}


def test_a_window_lies_where_the_field_says(show):
    tab = show("LeNet-5")
    field = [{"size": 3, "jump": 2, "start": 0}, {"size": 5, "jump": 4, "start": 1.5}]
    assert call(tab, "windowOf", field, [0, 0]) == {"y": -1, "x": -0.5, "height": 3, "width": 5}
    assert call(tab, "windowOf", field, [2, 1]) == {"y": 3, "x": 3.5, "height": 3, "width": 5}
    inside = np.zeros((8, 8))
    inside[0:2, 0:4] = 1  # of -1 ... 2 by -1 ... 4
    assert call(tab, "covered", {"y": -1, "x": -1, "height": 3, "width": 5}, [8, 8]) == inside.mean()
    assert call(tab, "covered", {"y": -9, "x": -9, "height": 30, "width": 30}, [8, 8]) == 1
    assert call(tab, "covered", {"y": 20, "x": 0, "height": 3, "width": 3}, [8, 8]) == 0
    assert call(tab, "units", [7, 5, 64], field, [28, 20]) == [7, 5]
    assert call(tab, "units", [196, 384], [{"size": 16, "jump": 16, "start": 7.5}] * 2, [224, 224]) == [14, 14]
    assert call(tab, "units", [1000], None, [224, 224]) == [1, 1]


def test_every_network_can_be_chosen(show):
    tab = show("VGG-16")
    for label, more in (("Network", []), ("Compare with", ["none"])):
        options = tab.get_by_label(label, exact=True).locator("option").all_inner_texts()
        assert options == [*more, *names(), "your own text"]


@pytest.mark.parametrize("name", ["LeNet-5", "GoogLeNet", "SE-ResNet-50", "ViT-Ti"])
def test_the_table_has_a_line_for_each_row_with_its_costs_and_what_it_sees(show, name):
    tab = show(name)
    wanted = table(build(named(name)).main())
    found = rows(tab)
    assert list(found) == [row.name for row in wanted]
    for row in wanted:
        parameters, macs, field = found[row.name]
        assert [parameters, macs] == [call(tab, "short", row.trainable), call(tab, "short", row.macs)]
        assert field == sees(row.widest).replace(" x ", "×")
    longest = max(wanted, key=lambda row: row.macs)
    bar = (
        tab.get_by_role("row")
        .filter(has=tab.get_by_role("rowheader", name=re.compile(f"^{longest.name}")))
        .locator(".explorer-macs")
    )
    assert bar.first.evaluate("bar => bar.style.getPropertyValue('--share').trim()") == "100.00%"


def test_all_rows_together_are_the_counts_and_the_memory_of_the_package(show):
    tab = show("VGG-16")
    tab.get_by_label("images in a batch").select_option("32")
    graph, found = build(named("VGG-16")), totals(tab)
    used = memory(graph, 32)
    assert found["trainable parameters"] == f"{count(graph).trainable:,}"
    assert found["MACs for one image"] == call(tab, "short", count(graph).macs, 4)
    assert found["FLOPs for one image"] == call(tab, "short", count(graph).flops, 4)
    assert found["weights, in memory"] == call(tab, "bytes", used.weights)
    assert found["activations, to predict"] == call(tab, "bytes", used.activations)
    assert found["activations, kept to train"] == call(tab, "bytes", used.kept)
    assert found["all of training, with Adam"] == call(tab, "bytes", used.training)
    assert found["a unit of the last map sees"].split() == ["212×212", "jump", "32"]


def test_the_table_can_be_one_of_all_layers(show):
    tab = show("ResNet-18")
    tab.get_by_label("Table of").select_option("all layers")
    wanted = node_table(build(named("ResNet-18")))
    assert tab.locator(".explorer-grid tbody tr").count() == len(wanted)
    assert tab.get_by_role("rowheader").nth(1).inner_text().split() == ["conv1.conv", "112×112×64"]


def test_the_arrow_keys_walk_through_the_rows_and_the_window_grows(show):
    tab = show("VGG-16")
    wanted = {row.name: row for row in table(build(named("VGG-16")))}
    tab.get_by_role("row", name="pool2").click()
    sizes = []
    for name in ("conv3", "pool3", "conv4"):
        tab.keyboard.press("ArrowDown")
        row = wanted[name]
        assert tab.locator("[aria-selected=true] th").inner_text().startswith(name)
        parameters = f"{row.trainable:,}" if row.trainable else "no"
        assert said(tab).startswith(f"{name}: {'×'.join(map(str, row.shape))}, {parameters} parameters")
        assert f"A unit sees {row.widest[0].size}×{row.widest[1].size} pixels" in said(tab)
        assert f"its neighbour looks {row.widest[0].jump} pixels further on" in said(tab)
        sizes.append(float(tab.locator("rect.explorer-wide").get_attribute("width")))
    assert sizes == [wanted[name].widest[0].size for name in ("conv3", "pool3", "conv4")]
    tab.keyboard.press("Home")
    assert said(tab).startswith("input: 224×224×3, no parameters, no MACs. A unit sees 1×1 pixel;")
    tab.keyboard.press("ArrowUp")  # no further
    assert tab.locator("[aria-selected=true]").count() == 1
    tab.keyboard.press("End")
    assert said(tab).endswith("A unit sees the whole image.")
    assert tab.locator("rect.explorer-wide").get_attribute("width") == "224"
    assert tab.evaluate("document.activeElement.tagName") == "TR"


def test_a_skip_connection_and_a_gate_show_the_narrowest_path_too(show):
    tab = show("ResNet-50")
    tab.get_by_role("row", name="conv3").click()
    assert "along the narrowest path 11×11;" in said(tab)
    assert tab.locator("rect.explorer-narrow").get_attribute("width") == "11"
    choose(tab, "SE-ResNet-50")
    tab.get_by_role("row", name="conv3").click()
    assert said(tab).endswith("A unit sees the whole image; along the narrowest path 11×11 pixels.")
    assert "least 11×11" in tab.get_by_role("row", name="conv3").inner_text()


def test_another_unit_is_chosen_by_keyboard_and_by_mouse(show):
    tab = show("VGG-16")
    tab.get_by_role("row", name="pool3").click()
    field = {row.name: row for row in table(build(named("VGG-16")))}["pool3"].widest[1]
    stage = tab.get_by_role("application")
    left = lambda: float(tab.locator("rect.explorer-wide").get_attribute("x"))  # noqa: E731
    before = left()
    stage.press("ArrowRight")
    assert left() - before == field.jump == 8
    assert said(tab).endswith(f"The window covers {call(tab, 'percent', (field.size / 224) ** 2, 1)} of the image.")
    assert said(tab).startswith("Unit in row 15 of 28, column 16 of 28.")
    for _ in range(30):
        stage.press("ArrowLeft")
    assert said(tab).startswith("Unit in row 15 of 28, column 1 of 28.")
    assert left() == field.start + 0.5 - field.size / 2
    stage.press("Home")
    assert left() == before
    box = stage.bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + 2)  # above the photograph: its first row
    assert said(tab).startswith("Unit in row 1 of 28, column 15 of 28.")


def test_two_networks_stand_side_by_side_with_their_ratio(show):
    tab = show("ResNet-50", "VGG-16")
    first, second = (count(build(named(name))) for name in ("ResNet-50", "VGG-16"))
    assert totals(tab)["trainable parameters"] == f"{first.trainable:,}"
    assert totals(tab, 1)["trainable parameters"] == f"{second.trainable:,}"
    assert totals(tab, 2)["trainable parameters"] == f"{second.trainable / first.trainable:.1f} ×"
    assert list(rows(tab))[1] == "conv1" and "pool5" not in rows(tab)
    tab.get_by_role("radio", name="VGG-16").check()
    assert "pool5" in rows(tab)
    choose(tab, "ResNet-50")
    assert tab.get_by_role("radio").count() == 0
    assert "pool5" not in rows(tab) and said(tab) == "ResNet-50 alone."


def test_size_and_settings_change_all_of_it(show):
    tab = show("EfficientNet-B0", "VGG-16")
    group(tab, 0).get_by_label("width").fill("1.4")
    group(tab, 0).get_by_label("depth").fill("1.8")
    group(tab, 0).get_by_label("image size").fill("380")
    group(tab, 0).get_by_label("image size").dispatch_event("change")
    wanted = count(build(named("EfficientNet-B4")))
    assert totals(tab)["trainable parameters"] == f"{wanted.trainable:,}"
    assert said(tab).startswith(f"EfficientNet-B0 for 380×380×3: {wanted.trainable:,} trainable parameters")
    assert totals(tab, 1)["trainable parameters"] == "138,357,544"  # the other is as it was
    group(tab, 0).get_by_role("button", name="as it was").click()
    assert totals(tab)["trainable parameters"] == f"{count(build(named('EfficientNet-B0'))).trainable:,}"
    group(tab, 1).get_by_label("n5").fill("1")
    assert totals(tab, 1)["trainable parameters"] == f"{count(build(named('VGG-16'), n5=1)).trainable:,}"
    assert tab.get_by_role("radio", name="VGG-16").is_checked()  # what was changed is shown


def test_yes_and_no_and_pairs_are_settings_too_and_heads_can_be_counted(show):
    tab = show("GoogLeNet")
    whole = build(named("GoogLeNet"))
    assert totals(tab)["trainable parameters"] == f"{count(whole.main()).trainable:,}"
    tab.get_by_label("heads for training").check()
    assert totals(tab)["trainable parameters"] == f"{count(whole).trainable:,}"
    tab.get_by_label("norm").check()
    tab.get_by_label("wide").fill("3x3")
    changed = build(named("GoogLeNet"), norm=True, wide=(3, 3))
    assert totals(tab)["trainable parameters"] == f"{count(changed).trainable:,}"
    assert totals(tab)["stored, but not learned"] == f"{count(changed).fixed:,}"


def test_a_size_that_cannot_be_is_explained_and_the_numbers_stay(show):
    tab = show("AlexNet")
    before = totals(tab)
    tab.get_by_label("image size").fill("8")
    wrong = group(tab, 0).get_by_role("status")
    with pytest.raises(ValueError) as caught:
        build(named("AlexNet"), 8)
    assert wrong.inner_text() == f"{caught.value}. The numbers below are those from before."
    assert totals(tab) == before
    tab.get_by_label("image size").fill("224")
    assert wrong.inner_text() == ""


OWN = """network Mine
input 32 32 3
f = 8
g = 2*f
conv 3x3 f -> relu
add
  | conv 3x3 f
  | identity
conv 3x3 g stride=2
output: global_avg_pool -> dense 10"""


def test_a_text_of_ones_own_gets_the_same_table(show):
    tab = show("LeNet-5")
    assert not tab.locator("textarea").is_visible()
    choose(tab, "your own text")
    write(tab, OWN)
    wanted = table(build(read(OWN)))
    assert list(rows(tab)) == [row.name for row in wanted]
    assert totals(tab)["trainable parameters"] == f"{sum(row.trainable for row in wanted):,}"
    assert tab.locator(".explorer-gutter").inner_text().split() == [str(n) for n in range(1, 11)]
    tab.get_by_label("f", exact=True).fill("12")
    assert tab.get_by_label("g", exact=True).input_value() == "24"  # it follows
    assert totals(tab)["trainable parameters"] == f"{count(build(read(OWN), f=12)).trainable:,}"
    write(tab, OWN.replace("f = 8", "f = 9").replace("32 32", "30 40"))  # the text has the last word
    assert totals(tab)["trainable parameters"] == f"{count(build(read(OWN), f=9)).trainable:,}"
    assert tab.get_by_label("f", exact=True).input_value() == "9"
    size = tab.get_by_label("image size")
    assert (size.input_value(), size.get_attribute("placeholder")) == ("", "30, 40")


def test_a_mistake_in_the_text_is_explained_at_its_line(show):
    tab = show("LeNet-5", "VGG-16")
    choose(tab, "your own text", "VGG-16")
    write(tab, OWN)
    before = totals(tab)
    text = tab.locator("textarea")
    write(tab, OWN.replace("conv 3x3 g stride=2", "conv 3x3 h stride=2"))
    wrong = tab.locator(".explorer-editor").get_by_role("status")
    assert wrong.inner_text() == (
        "Mine, line 9, 'conv 3x3 h stride=2': 'h' is not known here; known are C, H, W, f, g. "
        "The numbers below are those from before."
    )
    assert text.get_attribute("aria-invalid") == "true"
    assert tab.locator(".explorer-here").inner_text() == "9"
    assert totals(tab) == before  # still those of the text that was right
    tab.get_by_role("button", name="go to line 9").press("Enter")
    assert tab.evaluate("document.activeElement.tagName") == "TEXTAREA"
    assert text.evaluate("t => t.value.slice(t.selectionStart, t.selectionEnd)") == "conv 3x3 h stride=2"
    tab.keyboard.type("conv 3x3 f")
    tab.wait_for_function("document.querySelector('textarea').ariaInvalid === 'false'")  # a moment after the last key
    assert wrong.inner_text() == "" and text.get_attribute("aria-invalid") == "false"
    assert not tab.get_by_role("button", name="go to line").is_visible()
    write(tab, "network Mine like AlexNet\ninput 8 8 3")
    assert "That line is one of AlexNet." in wrong.inner_text()
    assert tab.locator(".explorer-here").count() == 0


def test_a_text_that_was_never_right_has_no_numbers(show):
    tab = show("LeNet-5")
    choose(tab, "your own text")
    write(tab, "network Mine\ninput 8 8")
    choose(tab, "LeNet-5")
    choose(tab, "your own text")
    wrong = tab.locator(".explorer-editor").get_by_role("status")
    assert wrong.inner_text() == "line 2, 'input 8 8': height, width and channels are needed: input 224 224 3."
    assert not tab.locator(".explorer-totals").is_visible()
    choose(tab, "your own text", "LeNet-5")
    assert totals(tab)["trainable parameters"] == "61,706"
    choose(tab, "your own text")
    write(tab, OWN)
    assert totals(tab)["trainable parameters"] == f"{count(build(read(OWN))).trainable:,}"


def test_the_text_of_a_network_becomes_ones_own_beside_the_network(show):
    tab = show("ResNet-34")
    tab.get_by_label("image size").fill("64")
    tab.get_by_label("n5").fill("1")
    tab.get_by_role("button", name="edit its text").press("Enter")
    text = tab.locator("textarea").input_value()
    wanted = build(named("ResNet-34"), 64, n5=1)
    assert text.startswith("network My ResNet-34\ninput 64 64 3\n")
    assert table(build(read(text))) == table(wanted)
    assert tab.get_by_label("Compare with", exact=True).input_value() == "ResNet-34"
    assert totals(tab)["trainable parameters"] == f"{count(wanted).trainable:,}"
    assert said(tab) == "The text of ResNet-34 is yours to change."
    assert tab.evaluate("document.activeElement.tagName") == "TEXTAREA"
    assert tab.get_by_role("radio", name="My ResNet-34").is_checked()


def test_without_data_there_is_a_text_to_start_from(widget):
    tab = widget("architecture-explorer")
    assert (
        totals(tab)["trainable parameters"]
        == f"{count(build(read(tab.locator('textarea').input_value()))).trainable:,}"
    )
    summary = tab.get_by_text("The words of this notation")
    summary.click()
    assert "depthwise_conv kernel stride=1 padding=same" in tab.locator("details").inner_text()


def test_every_control_has_a_name_and_it_fits_a_telephone(show):
    tab = show("ResNet-50", "GoogLeNet")
    tab.set_viewport_size({"width": 390, "height": 844})
    for box in tab.locator("input, select, textarea").all():
        assert box.evaluate("box => box.labels.length === 1")
    tab.get_by_label("Table of").select_option("all layers")
    choose(tab, "your own text", "DenseNet-121")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
