"""Makes a recipe smaller while something stays true of it."""

import dataclasses
import time

import blocks


class Shrinker:
    def __init__(self, still, seconds):
        self.still, self.end, self.tries = still, time.monotonic() + seconds, 0

    def better(self, recipe, **changes):
        """The changed recipe if that is still so, else None."""
        if time.monotonic() > self.end:
            return None
        changed = dataclasses.replace(recipe, **changes)
        if blocks.build(changed).network is None:
            return None
        self.tries += 1
        return changed if self.still(changed) else None

    def run(self, recipe):
        return self.halve(self.cut_inputs(self.cut_outputs(self.drop(recipe))))

    def drop(self, recipe):
        """Blocks, several at once first."""
        step = len(blocks.build(recipe).blocks)
        while step := step // 2:
            left = [number for number in range(len(blocks.build(recipe).blocks)) if number not in recipe.dropped]
            for begin in range(0, len(left), step):
                recipe = self.better(recipe, dropped=(*recipe.dropped, *left[begin:begin + step])) or recipe
        return recipe

    def cut_outputs(self, recipe):
        """The shortest beginning, found by halves; then one output of several."""
        layers = [layer for layer in blocks.build(recipe).network.layers if layer.kind not in ("input", "weight")]
        first, last = 0, len(layers) - 1
        while first < last:
            middle = (first + last) // 2
            found = self.better(recipe, outputs=tuple(value.name for value in layers[middle].outputs))
            if found:
                recipe, last = found, middle
            else:
                first = middle + 1
        for value in blocks.build(recipe).network.outputs:
            if found := self.better(recipe, outputs=(value.name,)):
                return found
        return recipe

    def cut_inputs(self, recipe):
        """The longest beginning that may be read from outside instead, by halves."""
        layers = blocks.build(recipe).network.layers
        first, last = 1, len(layers) - 1
        while first <= last:
            middle = (first + last) // 2
            after = {value.name for layer in layers[middle:] for value in layer.inputs}
            inputs = tuple(value.name for layer in layers[:middle] if layer.kind not in ("input", "weight")
                           for value in layer.outputs if value.name in after)
            found = self.better(recipe, inputs=inputs)
            if found:
                recipe, first = found, middle + 1
            else:
                last = middle - 1
        return recipe

    def halve(self, recipe):
        """Sizes, the greatest first, as often as it goes."""
        again = True
        while again:
            again = False
            sizes = blocks.build(recipe).sizes
            for name in sorted(sizes, key=lambda name: -sizes[name][0]):
                size, least = sizes[name]
                half = max(least, size // 2)
                if half < size and (found := self.better(recipe, sizes={**recipe.sizes, name: half})):
                    recipe, again = found, True
        return recipe
