/* movielens.cpp: recommends items to users, in several processes that share one engine.
 *
 *   movielens ENGINE --users=user.npy --items=items.npy [--held-out=held_out_item.npy]
 *             [--processes=N] [--batch=N] [--rounds=N] [--threads=N] [--device=NAME] [--output=recommended.npy]
 *
 * ENGINE is a file, or shm:NAME for what `reckon-share put` has put into shared memory. Its inputs are `user` [batch]
 * and `items` [batch, candidates]; among its outputs are either the items themselves, `item` [batch, K], or their
 * places among the candidates, an output whose name ends in `_indices`, as `reckon-compile --append-topk=K` makes them.
 *
 * Each process maps the engine and serves its share of the users, `batch` at a time. The parent prints percentiles of
 * all latencies, what is recommended to the first users, and with --held-out the hit rate: how often the item that a
 * user chose next is among those recommended. When a process fails, the parent says which and why, ends the others and
 * fails.
 */
#include "Npy.h"

#include <reckon/Runtime/Runtime.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace movielens;
using reckon::runtime::Context;
using reckon::runtime::Engine;
using reckon::runtime::Status;
using Clock = std::chrono::steady_clock;

namespace {
struct Options {
  std::string engine, users, items, heldOut, output, device = "host";
  int64_t processes = 1, batch = 1, rounds = 20, threads = 1;
};

/* What a process tells its parent, in memory that both see. */
struct Report {
  std::atomic<int> isReady;
  double seconds, readySeconds; // of all rounds; from the fork to the end of the first run
  int64_t numLatencies;
  char error[1000];
};

/* One mapping for the reports, the latencies and the recommendations of all processes. */
class Shared {
public:
  Shared(const Options &options, int64_t numUsers, int64_t numRecommended) {
    int64_t runs = (numUsers / options.processes / options.batch + 2) * options.rounds;
    latenciesEach = runs;
    size_t reportBytes = (sizeof(Report) + 63) / 64 * 64 * options.processes + 64;
    bytes = reportBytes + sizeof(double) * runs * options.processes + sizeof(int64_t) * numUsers * numRecommended;
    memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      return;
    auto *begin = static_cast<char *>(memory);
    go = new (begin) std::atomic<int>(0);
    firstReport = begin + 64;
    latencies = reinterpret_cast<double *>(begin + reportBytes);
    recommended = reinterpret_cast<int64_t *>(latencies + runs * options.processes);
  }
  ~Shared() {
    if (isMapped())
      ::munmap(memory, bytes);
  }
  Shared(const Shared &) = delete;
  Shared &operator=(const Shared &) = delete;
  bool isMapped() const { return memory != MAP_FAILED; }
  Report &report(int64_t process) const {
    return *reinterpret_cast<Report *>(firstReport + (sizeof(Report) + 63) / 64 * 64 * process);
  }
  double *latenciesOf(int64_t process) const { return latencies + latenciesEach * process; }

  std::atomic<int> *go = nullptr; // 1: all are ready; 2: one has failed
  int64_t *recommended = nullptr; // [users, K]
  int64_t latenciesEach = 0;

private:
  void *memory = MAP_FAILED;
  size_t bytes = 0;
  char *firstReport = nullptr;
  double *latencies = nullptr;
};

struct Data {
  Ids users, items, heldOut;
};

/* Where the engine gives recommendations. */
struct Recommendations {
  size_t output = 0;
  int64_t count = 0;
  bool arePlaces = false;
};
} // namespace

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/* Empty, or what the engine lacks. */
static std::string findRecommendations(const Engine &engine, Recommendations &result) {
  const std::string places = "_indices";
  for (size_t i = 0; i < engine.numOutputs(); ++i) {
    ReckonTensorInfo output = engine.output(i);
    std::string name = output.name;
    bool arePlaces = name.size() > places.size() && name.substr(name.size() - places.size()) == places;
    if (output.type != RECKON_I64 || output.rank != 2 || (!arePlaces && name != "item"))
      continue;
    result = {i, std::atoll(output.shape[1]), arePlaces};
    return result.count > 0 ? "" : "the number of recommendations, '" + std::string(output.shape[1]) + "', is open";
  }
  return "the engine gives neither 'item' nor places among candidates; compile it with --append-topk=K";
}

/* Users [begin, end): runs the engine on them and stores what it recommends. */
static Status serve(Context &context, const Data &data, const Recommendations &which, int64_t begin, int64_t end,
                    int64_t *recommended) {
  int64_t count = end - begin, candidates = data.items.columns;
  if (Status failed = context.setInput("user", RECKON_I64, {count}, data.users.row(begin)))
    return failed;
  if (Status failed = context.setInput("items", RECKON_I64, {count, candidates}, data.items.row(begin)))
    return failed;
  if (Status failed = context.run())
    return failed;
  auto *given = static_cast<const int64_t *>(context.output(which.output).data);
  for (int64_t user = 0; user < count; ++user)
    for (int64_t k = 0; k < which.count; ++k) {
      int64_t value = given[user * which.count + k];
      recommended[(begin + user) * which.count + k] = which.arePlaces ? data.items.row(begin + user)[value] : value;
    }
  return {};
}

/* The life of a process. Its exit status. */
static int child(const Options &options, const Data &data, const Recommendations &which, Shared &shared,
                 int64_t process) {
  Report &report = shared.report(process);
  auto fail = [&](const std::string &message) {
    std::snprintf(report.error, sizeof(report.error), "%s", message.c_str());
    return 1;
  };
  Clock::time_point forked = Clock::now();
  int64_t begin = data.users.rows * process / options.processes,
          end = data.users.rows * (process + 1) / options.processes;
  Engine engine;
  Context context;
  // On a GPU, too, the processes have the tables once, where its driver shares memory.
  if (Status failed = engine.open(options.engine, {}, nullptr, RECKON_DEVICE_TABLES_SHARED_OR_OWN))
    return fail(failed.message);
  if (Status failed = context.create(engine, static_cast<int>(options.threads), options.device.c_str()))
    return fail(failed.message);
  auto serveFrom = [&](int64_t first) {
    return serve(context, data, which, first, std::min(first + options.batch, end), shared.recommended);
  };
  if (begin != end)
    if (Status failed = serveFrom(begin))
      return fail(failed.message);
  report.readySeconds = secondsSince(forked);
  report.isReady = 1;
  while (*shared.go == 0)
    ::usleep(100);
  if (*shared.go == 2)
    return 0; // another one has failed, which the parent knows

  Clock::time_point start = Clock::now();
  double *latency = shared.latenciesOf(process);
  for (int64_t round = 0; round < options.rounds; ++round)
    for (int64_t first = begin; first < end; first += options.batch) {
      Clock::time_point before = Clock::now();
      if (Status failed = serveFrom(first))
        return fail(failed.message);
      *latency++ = secondsSince(before);
    }
  report.seconds = secondsSince(start);
  report.numLatencies = latency - shared.latenciesOf(process);
  return 0;
}

/* Waits for all processes; ends the others when one fails. */
static bool waitForAll(std::vector<pid_t> processes, Shared &shared) {
  bool success = true;
  size_t left = processes.size();
  while (left > 0) {
    int status = 0;
    pid_t ended = ::waitpid(-1, &status, WNOHANG);
    if (ended < 0 && errno != EINTR) {
      std::fprintf(stderr, "movielens: waitpid: %s\n", std::strerror(errno));
      return false;
    }
    bool allReady = true;
    for (size_t i = 0; i < processes.size(); ++i)
      allReady = allReady && shared.report(static_cast<int64_t>(i)).isReady;
    if (allReady && *shared.go == 0)
      *shared.go = 1;
    if (ended <= 0) {
      ::usleep(200);
      continue;
    }
    size_t index = std::find(processes.begin(), processes.end(), ended) - processes.begin();
    if (index == processes.size())
      continue;
    --left;
    processes[index] = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
      continue;
    // The first failure is the one to tell: those that are ended for it are not.
    if (success && WIFSIGNALED(status))
      std::fprintf(stderr, "movielens: process %zu was ended by signal %d\n", index, WTERMSIG(status));
    else if (success)
      std::fprintf(stderr, "movielens: process %zu failed: %s\n", index,
                   shared.report(static_cast<int64_t>(index)).error);
    success = false;
    *shared.go = 2;
    for (pid_t other : processes)
      if (other != 0)
        ::kill(other, SIGTERM);
  }
  return success;
}

static bool runProcesses(const Options &options, const Data &data, const Recommendations &which, Shared &shared) {
  std::vector<pid_t> processes;
  for (int64_t process = 0; process < options.processes; ++process) {
    pid_t forked = ::fork();
    if (forked == 0)
      ::_exit(child(options, data, which, shared, process));
    if (forked < 0) {
      std::fprintf(stderr, "movielens: fork: %s\n", std::strerror(errno));
      *shared.go = 2;
      for (pid_t other : processes)
        ::kill(other, SIGTERM);
      waitForAll(processes, shared);
      return false;
    }
    processes.push_back(forked);
  }
  return waitForAll(processes, shared);
}

/* Of the items recommended: how often the held out one is among them, and the mean of 1 / log2(rank + 1). */
static void printHits(const Data &data, const Recommendations &which, const int64_t *recommended) {
  double hits = 0, gain = 0;
  for (int64_t user = 0; user < data.users.rows; ++user)
    for (int64_t k = 0; k < which.count; ++k)
      if (recommended[user * which.count + k] == data.heldOut.values[user]) {
        hits += 1;
        gain += 1 / std::log2(static_cast<double>(k) + 2);
      }
  auto users = static_cast<double>(data.users.rows);
  std::printf("HR@%lld = %.4f, NDCG@%lld = %.4f\n", static_cast<long long>(which.count), hits / users,
              static_cast<long long>(which.count), gain / users);
}

static void printReport(const Options &options, const Data &data, const Recommendations &which, const Shared &shared) {
  std::vector<double> all;
  double seconds = 0, ready = 0;
  for (int64_t process = 0; process < options.processes; ++process) {
    const Report &report = shared.report(process);
    all.insert(all.end(), shared.latenciesOf(process), shared.latenciesOf(process) + report.numLatencies);
    seconds = std::max(seconds, report.seconds);
    ready = std::max(ready, report.readySeconds);
  }
  std::sort(all.begin(), all.end());
  auto percentile = [&](double share) {
    return all.empty() ? 0 : 1e6 * all[std::min(all.size() - 1, static_cast<size_t>(share * double(all.size())))];
  };
  std::printf("%lld processes, %lld users x %lld candidates a run, %zu runs\n",
              static_cast<long long>(options.processes), static_cast<long long>(options.batch),
              static_cast<long long>(data.items.columns), all.size());
  std::printf("ready after %.2f ms\n", 1e3 * ready);
  std::printf("latency: median = %.1f us, percentile(90%%) = %.1f us, percentile(99%%) = %.1f us, max = %.1f us\n",
              percentile(0.5), percentile(0.9), percentile(0.99), percentile(1));
  std::printf("throughput: %.0f users/s\n", seconds > 0 ? double(data.users.rows * options.rounds) / seconds : 0);
  for (int64_t user = 0; user < std::min<int64_t>(3, data.users.rows); ++user) {
    std::printf("user %lld:", static_cast<long long>(data.users.values[user]));
    for (int64_t k = 0; k < which.count; ++k)
      std::printf(" %lld", static_cast<long long>(shared.recommended[user * which.count + k]));
    std::printf("\n");
  }
  if (data.heldOut.rows != 0)
    printHits(data, which, shared.recommended);
}

static bool writeRecommended(const std::string &path, const int64_t *values, int64_t rows, int64_t columns) {
  std::FILE *file = std::fopen(path.c_str(), "wb");
  if (!file)
    return false;
  std::string header = "{'descr': '<i8', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                       std::to_string(columns) + "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  const char start[] = "\x93NUMPY\x01\x00";
  auto count = static_cast<size_t>(rows * columns);
  bool success = std::fwrite(start, 1, 8, file) == 8;
  for (size_t shift : {0, 8})
    success = std::fputc(static_cast<int>(header.size() >> shift & 0xff), file) != EOF && success;
  success = std::fwrite(header.data(), 1, header.size(), file) == header.size() && success;
  success = std::fwrite(values, sizeof(int64_t), count, file) == count && success;
  return std::fclose(file) == 0 && success;
}

static bool parse(int argc, char **argv, Options &options) {
  const std::pair<const char *, std::string *> texts[] = {
      {"--users=", &options.users},   {"--items=", &options.items},   {"--held-out=", &options.heldOut},
      {"--output=", &options.output}, {"--device=", &options.device},
  };
  const std::pair<const char *, int64_t *> numbers[] = {{"--processes=", &options.processes},
                                                        {"--batch=", &options.batch},
                                                        {"--rounds=", &options.rounds},
                                                        {"--threads=", &options.threads}};
  auto valueOf = [](const char *argument, const char *name) {
    size_t length = std::strlen(name);
    return std::strncmp(argument, name, length) == 0 ? argument + length : nullptr;
  };
  for (int i = 1; i < argc; ++i) {
    bool isKnown = false;
    for (auto [name, text] : texts)
      if (const char *value = valueOf(argv[i], name)) {
        *text = value;
        isKnown = true;
      }
    for (auto [name, number] : numbers)
      if (const char *value = valueOf(argv[i], name)) {
        char *end = nullptr;
        *number = std::strtoll(value, &end, 10);
        isKnown = *value && !*end && *number > 0 && *number <= 100000;
      }
    if (!isKnown && argv[i][0] != '-' && options.engine.empty()) {
      options.engine = argv[i];
      isKnown = true;
    }
    if (!isKnown) {
      std::fprintf(stderr, "movielens: what is '%s'?\n", argv[i]);
      return false;
    }
  }
  if (!options.engine.empty() && !options.users.empty() && !options.items.empty())
    return true;
  std::fprintf(stderr,
               "usage: movielens ENGINE|shm:NAME --users=user.npy --items=items.npy [--held-out=F.npy]\n"
               "       [--processes=N] [--batch=N] [--rounds=N] [--threads=N] [--device=NAME] [--output=F.npy]\n");
  return false;
}

/* Empty, or what is wrong with the files. */
static std::string readData(const Options &options, Data &data) {
  std::string error;
  if (!readIds(options.users, data.users, error) || !readIds(options.items, data.items, error) ||
      (!options.heldOut.empty() && !readIds(options.heldOut, data.heldOut, error)))
    return error;
  if (data.users.columns != 1 || data.items.rows != data.users.rows)
    return "there is a row of candidates for each user, not " + std::to_string(data.items.rows) + " for " +
           std::to_string(data.users.rows * data.users.columns);
  if (!options.heldOut.empty() && (data.heldOut.columns != 1 || data.heldOut.rows != data.users.rows))
    return "there is one item held out for each user, not " + std::to_string(data.heldOut.values.size()) + " for " +
           std::to_string(data.users.rows);
  return "";
}

int main(int argc, char **argv) {
  Options options;
  Data data;
  if (!parse(argc, argv, options))
    return 2;
  auto fail = [](const std::string &message) {
    std::fprintf(stderr, "movielens: %s\n", message.c_str());
    return 1;
  };
  if (std::string error = readData(options, data); !error.empty())
    return fail(error);
  Recommendations which;
  {
    // The description alone, and no context: a process that has used a GPU must not fork.
    Engine engine;
    if (Status failed = engine.open(options.engine))
      return fail(failed.message);
    if (std::string error = findRecommendations(engine, which); !error.empty())
      return fail(error);
  }
  Shared shared(options, data.users.rows, which.count);
  if (!shared.isMapped())
    return fail("there is not enough memory for the results");
  if (!runProcesses(options, data, which, shared))
    return 1;
  printReport(options, data, which, shared);
  if (!options.output.empty() && !writeRecommended(options.output, shared.recommended, data.users.rows, which.count))
    return fail(options.output + ": " + std::strerror(errno));
  return 0;
}
