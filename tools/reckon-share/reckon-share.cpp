//===- reckon-share.cpp - Engines in shared memory -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/SharedEngine.h"
#include "reckon/Runtime/Runtime.h"

#include <cstdio>
#include <string>
#include <vector>

using namespace reckon;

static constexpr const char *usage =
    "OVERVIEW: Keeps compiled engines in shared memory, for processes that open shm:NAME.\n\n"
    "USAGE: reckon-share put M.rkn NAME [--with=group|everybody] [--public-key=F]\n"
    "       reckon-share get NAME F.rkn\n"
    "       reckon-share list\n"
    "       reckon-share drop NAME\n\n"
    "put   checks an engine and puts it there, in the place of what has the name; for\n"
    "      processes of the same user unless --with says who else may read it; with a\n"
    "      key only when its owner has signed it (reckon-sign)\n"
    "get   writes one to a file\n"
    "list  names all that can be read, with bytes, user and readers\n"
    "drop  takes the name away; processes that have it open keep it\n";

static int fail(const EngineError &error) {
  std::fprintf(stderr, "reckon-share: error: %s\n", error.message.c_str());
  return error.kind == EngineError::Kind::Io ? ExitUnavailable : error.exitCode();
}

static int list() {
  static constexpr const char *readers[] = {"its user", "its group", "everybody"};
  for (const SharedEngineInfo &engine : listSharedEngines())
    std::printf("%s\t%llu\t%u\t%s%s\n", engine.name.c_str(), static_cast<unsigned long long>(engine.bytes), engine.user,
                readers[static_cast<int>(engine.with)], engine.isSealed ? "" : "\tnot sealed");
  return std::fflush(stdout) == 0 ? ExitOk : ExitUnavailable;
}

int main(int argc, char **argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  static const std::string keyOption = "--public-key=";
  SharedWith with = SharedWith::Nobody;
  EngineError error;
  std::optional<PublicKey> signer;
  std::string unknown;
  for (size_t i = 0; i < words.size();) {
    if (words[i] == "--help") {
      std::fputs(usage, stdout);
      return ExitOk;
    }
    if (words[i] == "--version") {
      std::printf("%s\n", reckon_version());
      return ExitOk;
    }
    if (words[i].compare(0, 2, "--") != 0) {
      ++i;
      continue;
    }
    if (words[i] == "--with=group" && words[0] == "put")
      with = SharedWith::Group;
    else if (words[i] == "--with=everybody" && words[0] == "put")
      with = SharedWith::Everybody;
    else if (words[i].compare(0, keyOption.size(), keyOption) == 0 && words[0] == "put") {
      if (!readPublicKey(words[i].substr(keyOption.size()), signer.emplace(), error))
        return fail(error);
    } else
      unknown = words[i];
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
  }
  const std::string verb = words.empty() || !unknown.empty() ? "" : words[0];
  if (verb == "put" && words.size() == 3)
    return putSharedEngine(words[1], words[2], with, error, signer ? &*signer : nullptr) ? int(ExitOk) : fail(error);
  if (verb == "get" && words.size() == 3)
    return getSharedEngine(words[1], words[2], error) ? int(ExitOk) : fail(error);
  if (verb == "drop" && words.size() == 2)
    return dropSharedEngine(words[1], error) ? int(ExitOk) : fail(error);
  if (verb == "list" && words.size() == 1)
    return list();
  std::fprintf(stderr, "reckon-share: error: %s; see --help\n",
               unknown.empty() ? "expected put M.rkn NAME, get NAME F.rkn, list or drop NAME"
                               : ("unknown option '" + unknown + "'").c_str());
  return ExitUsage;
}
