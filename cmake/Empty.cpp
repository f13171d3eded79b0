// A target needs a source; reckon_add_pch is about the header alone.
