//===- Json.cpp - Writing JSON --------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Json.h"

#include <cmath>
#include <cstdio>

using namespace reckon::tools;

void JsonWriter::separate() {
  if (afterKey) {
    afterKey = false;
    return;
  }
  if (empty.empty())
    return;
  text += empty.back() ? "\n" : ",\n";
  empty.back() = false;
  text.append(2 * empty.size(), ' ');
}

void JsonWriter::open(char bracket) {
  separate();
  text += bracket;
  empty.push_back(true);
}

void JsonWriter::close(char bracket) {
  bool nothing = empty.back();
  empty.pop_back();
  if (!nothing) {
    text += '\n';
    text.append(2 * empty.size(), ' ');
  }
  text += bracket;
}

/// The length of the UTF-8 character at `at`, 0 when the bytes are none. Names come from files and may hold anything.
static size_t characterLength(const std::string &item, size_t at) {
  unsigned char lead = item[at];
  size_t length = lead < 0x80                   ? 1
                  : lead >= 0xc2 && lead < 0xe0 ? 2
                  : lead >= 0xe0 && lead < 0xf0 ? 3
                  : lead >= 0xf0 && lead < 0xf5 ? 4
                                                : 0;
  if (at + length > item.size())
    return 0;
  for (size_t i = 1; i < length; ++i)
    if ((item[at + i] & 0xc0) != 0x80)
      return 0;
  return length;
}

void JsonWriter::appendQuoted(const std::string &item) {
  text += '"';
  for (size_t at = 0; at < item.size();) {
    unsigned char c = item[at];
    size_t length = characterLength(item, at);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += static_cast<char>(c);
    } else if (c < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", c);
      text += escape;
    } else if (length == 0) {
      text += "\\ufffd";
    } else {
      text.append(item, at, length);
    }
    at += length ? length : 1;
  }
  text += '"';
}

void JsonWriter::raw(const std::string &item) {
  separate();
  text += item;
}

JsonWriter &JsonWriter::key(const std::string &name) {
  separate();
  appendQuoted(name);
  text += ": ";
  afterKey = true;
  return *this;
}

void JsonWriter::value(const std::string &item) {
  separate();
  appendQuoted(item);
}

void JsonWriter::value(double number) {
  char item[40];
  std::snprintf(item, sizeof(item), "%.9g", number);
  raw(std::isfinite(number) ? item : "null");
}
void JsonWriter::value(int64_t number) { raw(std::to_string(number)); }
void JsonWriter::value(uint64_t number) { raw(std::to_string(number)); }
void JsonWriter::value(bool truth) { raw(truth ? "true" : "false"); }

std::string JsonWriter::take() { return std::move(text) + "\n"; }
