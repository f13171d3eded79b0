//===- ArgParser.cpp - Command lines of the runtime's tools ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "ArgParser.h"
#include "lib/Engine/ShortText.h"
#include "reckon/Runtime/Runtime.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>

using namespace reckon::tools;

bool reckon::tools::parseInteger(const std::string &text, int64_t &value) {
  if (text.empty() || (text[0] != '-' && (text[0] < '0' || text[0] > '9')))
    return false;
  char *end = nullptr;
  errno = 0;
  long long result = std::strtoll(text.c_str(), &end, 10);
  if (errno != 0 || *end != '\0' || end != text.c_str() + text.size())
    return false;
  value = result;
  return true;
}

bool reckon::tools::parseReal(const std::string &text, double &value) {
  if (text.empty() || text[0] == ' ')
    return false;
  char *end = nullptr;
  double result = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size() || !std::isfinite(result))
    return false;
  value = result;
  return true;
}

ArgParser::ArgParser(std::string tool, std::string summary, std::string positional)
    : tool(std::move(tool)), summary(std::move(summary)), positionalName(std::move(positional)) {}

void ArgParser::group(std::string title) { groups.push_back(std::move(title)); }

void ArgParser::add(Kind kind, const char *name, const char *metavar, const char *help, void *target, double least) {
  options.push_back({kind, name, metavar, help, target, least, groups.size() - 1, false});
}
void ArgParser::flag(const char *name, const char *help, bool &value) { add(Kind::Flag, name, "", help, &value); }
void ArgParser::option(const char *name, const char *metavar, const char *help, std::string &value) {
  add(Kind::Text, name, metavar, help, &value);
}
void ArgParser::option(const char *name, const char *metavar, const char *help, std::vector<std::string> &values) {
  add(Kind::TextList, name, metavar, help, &values);
}
void ArgParser::option(const char *name, const char *metavar, const char *help, int64_t &value, int64_t least) {
  add(Kind::Integer, name, metavar, help, &value, static_cast<double>(least));
}
void ArgParser::option(const char *name, const char *metavar, const char *help, double &value, double least) {
  add(Kind::Real, name, metavar, help, &value, least);
}
void ArgParser::option(const char *name, const char *metavar, const char *help, std::vector<int64_t> &values,
                       int64_t least) {
  add(Kind::IntegerList, name, metavar, help, &values, static_cast<double>(least));
}

int ArgParser::error(const std::string &message, int status) const {
  std::fprintf(stderr, "%s: error: %s\n", tool.c_str(), shortenNames(message).c_str());
  return status;
}

/// As it is written: one dash before one letter, two before more.
static std::string dashed(const std::string &name) { return (name.size() == 1 ? "-" : "--") + name; }

bool ArgParser::fail(const std::string &message) {
  code = error(message + " (see --help)");
  return false;
}

bool ArgParser::assign(Option &option, const std::string &value) {
  std::string what = dashed(option.name) + ": '" + value + "' is not ";
  auto tooSmall = [&] { return fail(what + "at least " + std::to_string(static_cast<int64_t>(option.least))); };
  if (option.seen && option.kind != Kind::TextList)
    return fail(dashed(option.name) + " is given twice");
  option.seen = true;
  switch (option.kind) {
  case Kind::Flag:
    *static_cast<bool *>(option.target) = true;
    return true;
  case Kind::Text:
    *static_cast<std::string *>(option.target) = value;
    return true;
  case Kind::TextList:
    static_cast<std::vector<std::string> *>(option.target)->push_back(value);
    return true;
  case Kind::Integer: {
    int64_t &target = *static_cast<int64_t *>(option.target);
    if (!parseInteger(value, target))
      return fail(what + "a whole number");
    return static_cast<double>(target) >= option.least || tooSmall();
  }
  case Kind::Real: {
    double &target = *static_cast<double *>(option.target);
    if (!parseReal(value, target))
      return fail(what + "a number");
    return target >= option.least || tooSmall();
  }
  case Kind::IntegerList: {
    auto &target = *static_cast<std::vector<int64_t> *>(option.target);
    target.clear();
    for (size_t begin = 0; begin <= value.size();) {
      size_t end = std::min(value.find(',', begin), value.size());
      int64_t item;
      if (!parseInteger(value.substr(begin, end - begin), item))
        return fail(what + "a list of whole numbers");
      if (static_cast<double>(item) < option.least)
        return tooSmall();
      target.push_back(item);
      begin = end + 1;
    }
    return true;
  }
  }
  return true;
}

bool ArgParser::parse(int argc, const char *const *argv) {
  size_t expected = static_cast<size_t>(std::count(positionalName.begin(), positionalName.end(), ' ')) + 1;
  arguments.clear();
  for (int i = 1; i < argc; ++i) {
    std::string text = argv[i];
    if (text == "--help" || text == "-h") {
      std::fputs(help().c_str(), stdout);
      return false;
    }
    if (text == "--version") {
      std::printf("%s (%s)\n", tool.c_str(), reckon_version());
      return false;
    }
    if (text.size() < 2 || text[0] != '-') {
      if (arguments.size() == expected)
        return fail("unexpected argument '" + text + "'");
      arguments.push_back(text);
      continue;
    }
    size_t start = text[1] == '-' ? 2 : 1, equals = text.find('=');
    std::string name = text.substr(start, equals == std::string::npos ? equals : equals - start);
    Option *found = nullptr;
    for (Option &option : options)
      if (option.name == name)
        found = &option;
    // A name of one letter has one dash, a longer one two.
    if (!found || (start == 1) != (name.size() == 1))
      return fail("unknown option '" + text.substr(0, equals) + "'");
    std::string value;
    if (found->kind == Kind::Flag) {
      if (equals != std::string::npos)
        return fail(dashed(name) + " takes no value");
    } else if (equals != std::string::npos) {
      value = text.substr(equals + 1);
    } else if (i + 1 < argc) {
      value = argv[++i];
    } else {
      return fail(dashed(name) + " needs a value");
    }
    if (!assign(*found, value))
      return false;
  }
  if (arguments.size() == expected)
    return true;
  // The first that is missing.
  size_t begin = 0;
  for (size_t i = 0; i < arguments.size(); ++i)
    begin = positionalName.find(' ', begin) + 1;
  return fail("no " + positionalName.substr(begin, positionalName.find(' ', begin) - begin) + " is given");
}

std::string ArgParser::help() const {
  std::string text = "usage: " + tool + " " + positionalName + " [options]\n\n" + summary + "\n";
  for (size_t g = 0; g <= groups.size(); ++g) {
    text += "\n" + (g < groups.size() ? groups[g] : std::string("Other")) + ":\n";
    auto line = [&](std::string left, const std::string &right) {
      left = "  " + left;
      left += left.size() < 30 ? std::string(30 - left.size(), ' ') : "\n" + std::string(30, ' ');
      for (char c : right)
        left += c == '\n' ? "\n" + std::string(30, ' ') : std::string(1, c);
      text += left + "\n";
    };
    for (const Option &option : options)
      if (option.group == g)
        line(dashed(option.name) + (option.kind == Kind::Flag ? ""
                                    : option.name.size() == 1 ? " " + option.metavar
                                                              : "=" + option.metavar),
             option.help);
    if (g == groups.size()) {
      line("--help", "show this and exit");
      line("--version", "show the version and exit");
    }
  }
  text +=
      "\nExit status: 0 success, 1 results differ, 2 wrong usage or input, 3 unsupported, 4 device or environment.\n";
  return text;
}
