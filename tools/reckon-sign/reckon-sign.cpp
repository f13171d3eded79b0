//===- reckon-sign.cpp - Sign engines and update logs ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/Signature.h"
#include "runtime/UpdateLog.h"
#include "tools/Support/ArgParser.h"
#include "tools/Support/EngineFlags.h"

#include <cstdio>
#include <cstring>
#include <new>

using namespace reckon;
using namespace reckon::tools;

static constexpr const char *usage =
    "OVERVIEW: Signs engines and their update logs, for processes that open what a key signed\n"
    "and nothing else.\n\n"
    "USAGE: reckon-sign keygen KEY\n"
    "       reckon-sign sign M.rkn --key=KEY [--output=F.rkn]\n"
    "       reckon-sign log M.rkn LOG SIGNED --key=KEY\n"
    "       reckon-sign verify M.rkn --public-key=KEY.pub [--log=SIGNED]\n\n"
    "keygen  makes a pair of keys: KEY, which is secret, and KEY.pub\n"
    "sign    checks an engine and signs it\n"
    "log     appends what is new in an update log of the engine to a signed one\n"
    "verify  checks all of an engine, and a log of it\n";

static int fail(const ArgParser &args, const EngineError &error) { return args.error(error.message, error.exitCode()); }

/// The engine with its tables, whose rows logs change.
static std::shared_ptr<runtime::LoadedEngine> load(const std::string &path, const PublicKey *signer,
                                                   EngineError &problem) {
  auto file = EngineFile::open(path, problem, EngineFile::Check::All, signer);
  if (!file)
    return nullptr;
  auto loaded = std::make_shared<runtime::LoadedEngine>();
  runtime::Error error;
  if (loaded->load(std::move(file), nullptr, 0, error))
    return loaded;
  problem = {EngineError::Kind::Invalid, error.message};
  return nullptr;
}

static int keygen(int argc, char **argv) {
  ArgParser args("reckon-sign keygen", "Makes a pair of keys.", "KEY");
  EngineError error;
  if (!args.parse(argc, argv))
    return args.exitCode();
  return makeKeys(args.positional(), error) ? int(ExitOk) : fail(args, error);
}

static int sign(int argc, char **argv) {
  ArgParser args("reckon-sign sign", "Signs an engine.", "M.rkn");
  std::string keyPath, output;
  SecretKey key;
  EngineError error;
  args.group("What");
  args.option("key", "KEY", "the secret key", keyPath);
  args.option("output", "F.rkn", "write the engine here; the default is in its own place", output);
  if (!args.parse(argc, argv))
    return args.exitCode();
  if (!readSecretKey(keyPath, key, error) ||
      !signEngine(args.positional(), output.empty() ? args.positional() : output, key, error))
    return fail(args, error);
  return ExitOk;
}

static int log(int argc, char **argv) {
  ArgParser args("reckon-sign log", "Signs what is new in an update log.", "M.rkn LOG SIGNED");
  std::string keyPath;
  SecretKey key;
  EngineError problem;
  args.group("What");
  args.option("key", "KEY", "the secret key", keyPath);
  if (!args.parse(argc, argv))
    return args.exitCode();
  if (!readSecretKey(keyPath, key, problem))
    return fail(args, problem);
  auto engine = load(args.positional(0), nullptr, problem);
  if (!engine)
    return fail(args, problem);
  runtime::UpdateLogFile from(engine), to(engine);
  runtime::Error error;
  uint64_t appended;
  if (!from.open(args.positional(1), /*toAppend=*/false, error) ||
      !to.open(args.positional(2), /*toAppend=*/true, error, &key) || !to.appendFrom(from, appended, error))
    return args.error(error.message, error.code);
  std::printf("%llu frames signed\n", static_cast<unsigned long long>(appended));
  return ExitOk;
}

static int verify(int argc, char **argv) {
  ArgParser args("reckon-sign verify", "Checks who signed an engine, and that nothing was altered.", "M.rkn");
  EngineFlags flags;
  std::string logPath, wrong;
  args.group("What");
  flags.declare(args);
  args.option("log", "SIGNED", "an update log of the engine, too", logPath);
  if (!args.parse(argc, argv))
    return args.exitCode();
  if (int code = flags.interpret(wrong))
    return args.error(wrong, code);
  if (!flags.signer())
    return args.error("expected --public-key=FILE");
  EngineError problem;
  auto engine = load(args.positional(), flags.signer(), problem);
  if (!engine)
    return fail(args, problem);
  runtime::UpdateLogFile file(engine);
  runtime::Error error;
  uint64_t applied;
  if (!logPath.empty() && (!file.open(logPath, /*toAppend=*/false, error) || !file.apply(0, applied, error)))
    return args.error(error.message, error.code);
  std::printf("signed by %s\n", keyText(*flags.signer()).c_str());
  return ExitOk;
}

int main(int argc, char **argv) {
  static constexpr struct {
    const char *name;
    int (*run)(int argc, char **argv);
  } verbs[] = {{"keygen", keygen}, {"sign", sign}, {"log", log}, {"verify", verify}};
  try {
    for (const auto &verb : verbs)
      if (argc > 1 && std::strcmp(argv[1], verb.name) == 0)
        return verb.run(argc - 1, argv + 1);
  } catch (const std::bad_alloc &) {
    std::fputs("reckon-sign: error: there is not enough memory\n", stderr);
    return ExitUnavailable;
  }
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) {
    std::fputs(usage, stdout);
    return ExitOk;
  }
  std::fputs("reckon-sign: error: expected keygen, sign, log or verify; see --help\n", stderr);
  return ExitUsage;
}
