//===- Json.h - Writing JSON ----------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_JSON_H
#define RECKON_TOOLS_SUPPORT_JSON_H

#include <cstdint>
#include <string>
#include <vector>

namespace reckon::tools {

/// Builds one JSON document, indented. Calls follow the document: inside an object each value has a key first.
class JsonWriter {
public:
  void beginObject() { open('{'); }
  void endObject() { close('}'); }
  void beginArray() { open('['); }
  void endArray() { close(']'); }
  JsonWriter &key(const std::string &name);
  void value(const std::string &text);
  void value(const char *text) { value(std::string(text)); }
  void value(double number);
  void value(int64_t number);
  void value(uint64_t number);
  void value(bool truth);

  /// The document, ending in a line feed.
  std::string take();

private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  void raw(const std::string &item);
  void appendQuoted(const std::string &item);

  std::string text;
  std::vector<bool> empty; // of each open object or array
  bool afterKey = false;
};

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_JSON_H
