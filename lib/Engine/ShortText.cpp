//===- ShortText.cpp - Messages that stay readable ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "ShortText.h"

using namespace reckon;

// What stays of a name: enough of its beginning to find it, and of its end, where paths and numbered nodes differ.
static constexpr size_t longest = 120, head = 60, tail = 40;

static bool isWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// A quote that ends a name has no letter after it, unlike an apostrophe.
static size_t findClosingQuote(const std::string &text, size_t from) {
  for (size_t at = text.find('\'', from); at != std::string::npos; at = text.find('\'', at + 1))
    if (at + 1 == text.size() || !isWordCharacter(text[at + 1]))
      return at;
  return std::string::npos;
}

/// Bytes of UTF-8 inside a character: cutting there would leave half of it.
static bool isInsideCharacter(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

static void appendShort(std::string &result, const std::string &text, size_t begin, size_t end) {
  if (end - begin <= longest) {
    result.append(text, begin, end - begin);
    return;
  }
  size_t first = begin + head, last = end - tail;
  while (first > begin && isInsideCharacter(text[first]))
    --first;
  while (last < end && isInsideCharacter(text[last]))
    ++last;
  result.append(text, begin, first - begin);
  result += "[" + std::to_string(last - first) + " more]";
  result.append(text, last, end - last);
}

std::string reckon::shortenNames(const std::string &message) {
  if (message.size() <= longest)
    return message;
  std::string result;
  for (size_t at = 0; at < message.size();) {
    bool opens = message[at] == '\'' && (at == 0 || !isWordCharacter(message[at - 1]));
    size_t close = opens ? findClosingQuote(message, at + 1) : std::string::npos;
    if (close != std::string::npos) {
      result += '\'';
      appendShort(result, message, at + 1, close);
      result += '\'';
      at = close + 1;
      continue;
    }
    if (message[at] == ' ' || message[at] == '\n') {
      result += message[at++];
      continue;
    }
    // A word, up to a blank or the next quoted name.
    size_t end = message.find_first_of(" \n'", at + 1);
    end = end == std::string::npos ? message.size() : end;
    appendShort(result, message, at, end);
    at = end;
  }
  return result;
}
