//===- HandleExchangeTest.cpp - File descriptors between processes by name -------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "runtime/HandleExchange.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <optional>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <vector>

using namespace reckon;
using namespace reckon::runtime;

namespace {
/// Another process, which does something and then waits for its end.
class Child {
public:
  explicit Child(const std::function<bool()> &body) {
    int ready[2];
    EXPECT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    id = ::fork();
    if (id == 0) {
      char success = static_cast<char>(body());
      static_cast<void>(::write(ready[1], &success, 1));
      for (;;)
        ::pause();
    }
    ::close(ready[1]);
    done = Descriptor(ready[0]);
  }
  ~Child() { kill(); }
  Child(const Child &) = delete;
  Child &operator=(const Child &) = delete;
  /// Waits until the body has ended; what it returned.
  bool wait() const {
    char success = 0;
    return ::read(done.get(), &success, 1) == 1 && success;
  }
  void stop() const {
    ::kill(id, SIGSTOP);
    ::waitpid(id, nullptr, WUNTRACED);
  }
  void kill() {
    if (id > 0) {
      ::kill(id, SIGKILL);
      ::waitpid(id, nullptr, 0);
    }
    id = -1;
  }

private:
  pid_t id;
  Descriptor done;
};

class Exchanges : public testing::Test {
protected:
  static Descriptor makeFile(uint64_t content) {
    Descriptor file(::memfd_create("a test", MFD_CLOEXEC));
    EXPECT_EQ(::pwrite(file.get(), &content, sizeof(content), 0), static_cast<ssize_t>(sizeof(content)));
    return file;
  }
  static uint64_t read(const Descriptor &file) {
    uint64_t content = 0;
    return ::pread(file.get(), &content, sizeof(content), 0) == sizeof(content) ? content : 0;
  }
  /// What a process does: looks for the thing, and makes it if there is none. What it is, and whether it made it.
  static uint64_t obtain(HandleExchange &exchange, uint64_t content, bool &isNew) {
    Error error;
    HandleExchange::Handle handle;
    if (!exchange.takeTurn(error) || !exchange.find(handle, error))
      return 0;
    isNew = handle.descriptor.get() < 0;
    if (isNew)
      handle = {makeFile(content), 8};
    uint64_t found = read(handle.descriptor);
    if (handle.bytes != 8 || !exchange.offer(std::move(handle), error))
      return 0;
    exchange.endTurn();
    return found;
  }

  const std::string name = "a test of process " + std::to_string(::getpid());
};

TEST_F(Exchanges, TheFirstMakesItAndAllOfferIt) {
  bool isNew = false;
  {
    std::optional<HandleExchange> first, second, third;
    EXPECT_EQ(obtain(first.emplace(name), 11, isNew), 11u);
    EXPECT_TRUE(isNew);
    EXPECT_EQ(obtain(second.emplace(name), 12, isNew), 11u);
    EXPECT_FALSE(isNew);
    first.reset();
    EXPECT_EQ(obtain(third.emplace(name), 13, isNew), 11u);
    second.reset();
    HandleExchange other(name + " and another");
    EXPECT_EQ(obtain(other, 14, isNew), 14u);
    EXPECT_EQ(obtain(first.emplace(name), 15, isNew), 11u);
  }
  HandleExchange again(name);
  EXPECT_EQ(obtain(again, 16, isNew), 16u);
  EXPECT_TRUE(isNew);
}

TEST_F(Exchanges, AProcessThatIsKilledBlocksNobody) {
  for (int round = 0; round < 20; ++round) {
    std::string each = name + " round " + std::to_string(round);
    auto join = [&] {
      auto *exchange = new HandleExchange(each);
      bool isNew;
      return obtain(*exchange, 20, isNew) == 20;
    };
    Child owner(join), next(join);
    ASSERT_TRUE(owner.wait() && next.wait());
    owner.kill();
    // One that has its turn and does not come to offering anything.
    Child stuck([&] {
      auto *exchange = new HandleExchange(each);
      Error error;
      return exchange->takeTurn(error);
    });
    ASSERT_TRUE(stuck.wait());
    std::thread killer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(round));
      stuck.kill();
    });
    bool isNew = true;
    HandleExchange exchange(each);
    EXPECT_EQ(obtain(exchange, 21, isNew), 20u);
    EXPECT_FALSE(isNew);
    killer.join();
    next.kill();
    HandleExchange last(each);
    EXPECT_EQ(obtain(last, 22, isNew), 20u);
  }
}

TEST_F(Exchanges, ManyAtOnceMakeItOnce) {
  constexpr int count = 12;
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < count; ++i)
    children.push_back(std::make_unique<Child>([&] {
      auto *exchange = new HandleExchange(name);
      bool isNew;
      return obtain(*exchange, 30, isNew) == 30;
    }));
  for (auto &child : children)
    EXPECT_TRUE(child->wait());
  bool isNew = true;
  HandleExchange exchange(name);
  EXPECT_EQ(obtain(exchange, 31, isNew), 30u);
  EXPECT_FALSE(isNew);
}

TEST_F(Exchanges, AStoppedProcessDelaysOthersForAWhile) {
  Child owner([&] {
    auto *exchange = new HandleExchange(name);
    bool isNew;
    return obtain(*exchange, 40, isNew) == 40;
  });
  ASSERT_TRUE(owner.wait());
  owner.stop();
  bool isNew = false;
  HandleExchange exchange(name);
  EXPECT_EQ(obtain(exchange, 41, isNew), 41u);
  EXPECT_TRUE(isNew);
}

TEST_F(Exchanges, NamesOfOtherUsersAreRefused) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "needs to be root to be two users";
  // Somebody else takes all names of this user's: abstract sockets have no permissions. The name is found out by
  // taking it first.
  std::string socket;
  {
    HandleExchange mine(name);
    Error error;
    ASSERT_TRUE(mine.takeTurn(error)) << error.message;
    socket = mine.turnName();
  }
  Child other([&] {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, socket.data(), socket.size());
    return ::setuid(65534) == 0 && [&] {
      int file = ::socket(AF_UNIX, SOCK_STREAM, 0);
      return ::bind(file, reinterpret_cast<sockaddr *>(&address),
                    static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + socket.size())) == 0 &&
             ::listen(file, 10) == 0;
    }();
  });
  ASSERT_TRUE(other.wait());
  HandleExchange exchange(name);
  Error error;
  EXPECT_FALSE(exchange.takeTurn(error));
  EXPECT_EQ(error.code, RECKON_UNAVAILABLE);
  EXPECT_EQ(error.message, "sharing between processes: a process of another user has the name");
  other.kill();
  EXPECT_TRUE(exchange.takeTurn(error)) << error.message;
}
} // namespace
