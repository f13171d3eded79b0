//===- Refit.cpp - The weights of another state of the model ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// How a weight comes from initializers (folded, merged, rounded, packed) is what the compiler does, so the compiler
// does it again: docs/updates.md says which designs lost. An engine of the same program has the weights that this one
// needs.
//
//===----------------------------------------------------------------------------===//

#include "Updater.h"
#include "runtime/EngineHandle.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <sys/wait.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::tools;
using runtime::Status;

static int fail(const std::string &what, std::string &error, int code = ExitUsage) {
  error = what;
  return code;
}

static std::unique_ptr<EngineFile> openFile(const std::string &path, std::string &error, int &code) {
  EngineError problem;
  auto file = EngineFile::open(path, problem, EngineFile::Check::AllButRows);
  if (!file) {
    error = problem.message;
    code = problem.exitCode();
  }
  return file;
}

/// Why two engines have different programs, as far as their recipes tell.
static std::string explain(const EngineSpec &own, const EngineSpec &given) {
  if (own.producer != given.producer)
    return "it was compiled by " + given.producer + ", the engine by " + own.producer;
  if (!own.recipe || !given.recipe)
    return "its program is another one";
  if (own.recipe->options != given.recipe->options)
    return "it was compiled with other options";
  std::map<std::string, uint64_t> before;
  for (const InitializerSpec &initializer : own.recipe->initializers)
    before.emplace(initializer.name, initializer.checksum);
  auto isWeight = [&](const std::string &name) {
    return std::any_of(own.weights.begin(), own.weights.end(),
                       [&](const WeightSpec &weight) { return weight.name == name; });
  };
  std::string names;
  size_t count = 0;
  for (const InitializerSpec &initializer : given.recipe->initializers) {
    auto found = before.find(initializer.name);
    if (found != before.end() && found->second == initializer.checksum)
      continue;
    if (!isWeight(initializer.name) && ++count <= 8)
      names += (names.empty() ? "'" : ", '") + initializer.name + "'";
  }
  if (count == 0)
    return "its graph is another one than the engine's";
  return (count == 1 ? "initializer " : "one of the initializers ") + names + (count > 8 ? ", ..." : "") +
         " has changed and is a constant of the engine's code";
}

int Updater::setWeights(const std::string &other, std::string &error) {
  int code = ExitOk;
  auto own = openFile(path, error, code), given = own ? openFile(other, error, code) : nullptr;
  if (!given)
    return code;
  if (!haveSameProgram(own->spec(), given->spec()))
    return fail("'" + other + "': " + explain(own->spec(), given->spec()) +
                    ": compile the model and replace the engine",
                error, ExitUnsupported);
  // Two programs may read a weight in two packings.
  for (const WeightSpec &weight : given->spec().weights)
    if (Status failed = update.setWeight(weight.name + " [" + weight.packing + "]", weight.data.data, weight.data.size))
      return fail(failed.message, error, failed.code);
  recipe = given->spec().recipe;
  return ExitOk;
}

//===-- Compiling again -------------------------------------------------------===//

/// reckon-compile beside this program, or else that of the path.
static std::string findCompiler() {
  char self[4096];
  ssize_t size = ::readlink("/proc/self/exe", self, sizeof(self));
  std::string folder(self, size > 0 ? static_cast<size_t>(size) : 0);
  std::string beside = folder.substr(0, folder.rfind('/') + 1) + "reckon-compile";
  return ::access(beside.c_str(), X_OK) == 0 ? beside : "reckon-compile";
}

/// Runs a program whose messages go on to the user, but for what it prints. The exit code.
static int run(const std::vector<std::string> &command, std::string &error) {
  std::vector<char *> arguments;
  for (const std::string &word : command)
    arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = ::fork();
  if (child == 0) {
    int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(nowhere, STDOUT_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR)
    continue;
  if (child < 0)
    return fail(std::string("reckon-compile cannot be started: ") + std::strerror(errno), error, ExitUnavailable);
  if (!WIFEXITED(status))
    return fail("reckon-compile was ended by signal " + std::to_string(WTERMSIG(status)), error, ExitUnavailable);
  int code = WEXITSTATUS(status);
  if (code == 127)
    return fail("--weights compiles the model, and there is no '" + command[0] + "'", error, ExitUnavailable);
  return code == 0 ? int(ExitOk) : fail("reckon-compile did not compile '" + command[1] + "' (above)", error, code);
}

namespace {
struct RemovedFile {
  std::string path;
  ~RemovedFile() { ::unlink(path.c_str()); }
};
} // namespace

int Updater::refit(const std::string &model, std::string &error) {
  int code = ExitOk;
  auto own = openFile(path, error, code);
  if (!own)
    return code;
  if (!own->spec().recipe)
    return fail("the engine does not say what it was compiled with: compile '" + model +
                    "' and give the engine to --weights-from",
                error, ExitUnsupported);
  RemovedFile compiled{path.compare(0, 4, "shm:") == 0 ? "/tmp/reckon-refit" : path + ".refit"};
  compiled.path += std::to_string(::getpid()) + ".rkn";
  std::vector<std::string> command = {findCompiler(), model, "-o", compiled.path};
  for (const std::string &option : own->spec().recipe->options) {
    if (option.find('=') == std::string::npos && option != "--check-kernels")
      return fail("the engine was compiled with " + option + ", whose file it does not hold: compile '" + model +
                      "' with it and give the engine to --weights-from",
                  error, ExitUnsupported);
    command.push_back(option);
  }
  // Rows are not looked at: those that were left where they are still need not be copied.
  if (std::any_of(own->spec().tables.begin(), own->spec().tables.end(),
                  [](const TableSpec &table) { return !table.externalFile.empty() && table.externalFile[0] == '/'; }))
    command.push_back("--tables=reference");
  if ((code = run(command, error)))
    return code;
  code = setWeights(compiled.path, error);
  // The user knows the model's file.
  if (size_t at = error.find(compiled.path); at != std::string::npos)
    error.replace(at, compiled.path.size(), model);
  return code;
}

int Updater::save(const std::string &output, std::string &error) {
  if (Status failed = update.commit())
    return fail(failed.message, error, failed.code);
  runtime::Error problem;
  return engine.get()->loaded->save(output, recipe ? &*recipe : nullptr, problem)
             ? int(ExitOk)
             : fail(problem.message, error, problem.code);
}
