"""check_page.py PAGE.html: whether a page of reckon-inspect stands alone and its data is consistent; prints what is in it."""

import json
import re
import sys
from html.parser import HTMLParser

with open(sys.argv[1]) as file:
    text = file.read()


class Page(HTMLParser):
    """The contents of the scripts, and what would be fetched."""

    def __init__(self):
        super().__init__()
        self.scripts, self.inside, self.ids = {}, None, set()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        assert "src" not in attrs and "href" not in attrs and tag != "link", tag
        self.ids.add(attrs.get("id"))
        self.inside = attrs.get("id", "code") if tag == "script" else None

    def handle_data(self, data):
        if self.inside:
            self.scripts[self.inside] = self.scripts.get(self.inside, "") + data


page = Page()
page.feed(text)
assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
assert "%DATA%" not in text and "%PROFILE%" not in text
print("title", re.search("<title>(.*)</title>", text).group(1))
code = page.scripts["code"]
assert set(re.findall(r'byId\("(\w+)"\)', code)) <= page.ids
data, profile = json.loads(page.scripts["data"]), json.loads(page.scripts["times"])
print("batch", data["batch"])
for table in data["tables"]:
    print(f"table {table['name']}: {table['rows']} x {table['dim']}, {table['bytes']} bytes")
for program in data["programs"]:
    layers = set()
    for kernel in program["kernels"]:
        results = 0
        for layer in kernel["layers"]:
            assert all(each >= -results for each in layer["inputs"])
            results += len(layer["results"])
            layers.add(layer["op"])
        assert not kernel["layers"] or kernel["layers"][-1]["op"] == "yield"
    for number, dispatch in enumerate(program["dispatches"]):
        assert program["kernels"][dispatch["kernel"]]["layers"]
        assert dispatch["rows"] >= 0 and dispatch["bytes"] > 0 and dispatch["outputs"] > 0
        assert all(writer < number and operand < len(dispatch["operands"]) for writer, operand in dispatch["from"])
    for memory in (program["arena"], program["local"]):
        for each in memory["stretches"]:
            assert 0 <= each["first"] <= each["last"] < len(program["dispatches"])
            assert each["offset"] + each["bytes"] <= memory["bytes"]
    print(f"{program['device']}: {len(program['kernels'])} kernels, layers {' '.join(sorted(layers))}")
    if profile and profile["device"] == program["device"]:
        assert len(profile["results"][0]["dispatches"]) == len(program["dispatches"])
        print(f"{program['device']}: times of {len(program['dispatches'])} dispatches")
