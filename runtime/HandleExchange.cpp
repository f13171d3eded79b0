//===- HandleExchange.cpp - File descriptors between processes by name ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "HandleExchange.h"
#include "lib/Engine/EngineFormat.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>

using namespace reckon;
using namespace reckon::runtime;

/// How long a process that was stopped may keep others waiting for its answer.
static constexpr timeval answerTime = {2, 0};

static bool failed(const char *what, Error &error) {
  return error.set(RECKON_UNAVAILABLE, std::string("sharing between processes: ") + what + ": " + std::strerror(errno));
}

//===-- Sockets ---------------------------------------------------------------===//

namespace {
struct Address {
  sockaddr_un place = {};
  socklen_t size;

  explicit Address(const std::string &name) {
    place.sun_family = AF_UNIX;
    // The zero before it makes it a name that is no file's.
    std::memcpy(place.sun_path + 1, name.data(), name.size());
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  }
  const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&place); }
};
} // namespace

static Descriptor makeSocket() { return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

/// Takes the name and listens to it; none with EADDRINUSE when another one has it.
static Descriptor listenTo(const std::string &name) {
  Descriptor listener = makeSocket();
  Address address(name);
  bool success = listener.get() >= 0 && ::bind(listener.get(), address.get(), address.size) == 0 &&
                 ::listen(listener.get(), SOMAXCONN) == 0;
  return success ? std::move(listener) : Descriptor();
}

/// None with ECONNREFUSED when nobody has the name.
static Descriptor connectTo(const std::string &name) {
  Descriptor peer = makeSocket();
  Address address(name);
  int result = -1;
  if (peer.get() >= 0)
    do
      result = ::connect(peer.get(), address.get(), address.size);
    while (result != 0 && errno == EINTR);
  return result == 0 ? std::move(peer) : Descriptor();
}

/// Names are for everybody to take: what counts is whose process it is.
static bool isOwn(int peer) {
  ucred credentials = {};
  socklen_t size = sizeof(credentials);
  return ::getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 && credentials.uid == ::geteuid();
}

static bool refuseOther(Error &error) {
  return error.set(RECKON_UNAVAILABLE, "sharing between processes: a process of another user has the name");
}

/// A number, and with it a descriptor.
static bool send(int peer, int descriptor, uint64_t bytes) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec part = {&bytes, sizeof(bytes)};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof(descriptor));
  return ::sendmsg(peer, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof(bytes));
}

static Descriptor receive(int peer, uint64_t &bytes) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec part = {&bytes, sizeof(bytes)};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &answerTime, sizeof(answerTime));
  ssize_t got;
  do
    got = ::recvmsg(peer, &message, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  const cmsghdr *header = got < 0 ? nullptr : CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int)))
    return Descriptor();
  int descriptor;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof(descriptor));
  Descriptor result(descriptor);
  return got == static_cast<ssize_t>(sizeof(bytes)) ? std::move(result) : Descriptor();
}

//===-- Names -----------------------------------------------------------------===//

static std::string hex(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}

HandleExchange::HandleExchange(const std::string &name) {
  // Two numbers, for one name may not stand for two things.
  std::string twice = name + "\n" + name;
  base = "reckon-" + std::to_string(::geteuid()) + "-" + hex(format::checksum(name.data(), name.size())) +
         hex(format::checksum(twice.data(), twice.size())) + "-";
}

HandleExchange::~HandleExchange() {
  if (!server.joinable())
    return;
  uint64_t one = 1;
  // An eventfd takes it at once.
  static_cast<void>(::write(stop.get(), &one, sizeof(one)));
  server.join();
}

std::string HandleExchange::socketName(const std::string &purpose) const { return base + purpose; }

//===-- Turns -----------------------------------------------------------------===//

bool HandleExchange::takeTurn(Error &error) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(maxTurnSeconds);
  for (;;) {
    turn = listenTo(turnName());
    if (turn.get() >= 0)
      return true;
    if (errno != EADDRINUSE)
      return failed("a name cannot be taken", error);
    Descriptor other = connectTo(turnName());
    if (other.get() < 0 && errno != ECONNREFUSED && errno != EAGAIN)
      return failed("a name cannot be waited for", error);
    if (other.get() >= 0 && !isOwn(other.get()))
      return refuseOther(error);
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0)
      return error.set(RECKON_UNAVAILABLE, "sharing between processes: another process has not come to an end in " +
                                               std::to_string(maxTurnSeconds) + " s");
    // Nothing is ever sent: it ends with the other's turn. Without a connection the other one is just coming or going.
    pollfd event = {other.get(), POLLIN, 0};
    static_cast<void>(::poll(&event, 1, other.get() < 0 ? 1 : static_cast<int>(left)));
  }
}

bool HandleExchange::find(Handle &handle, Error &error) const {
  handle = Handle();
  for (int slot = 0; slot < maxOffers; ++slot) {
    Descriptor peer = connectTo(socketName(std::to_string(slot)));
    if (peer.get() < 0)
      continue;
    if (!isOwn(peer.get()))
      return refuseOther(error);
    handle.descriptor = receive(peer.get(), handle.bytes);
    if (handle.descriptor.get() >= 0)
      return true;
  }
  return true;
}

//===-- Offers ----------------------------------------------------------------===//

bool HandleExchange::offer(Handle handle, Error &error) {
  for (int slot = 0; slot < maxOffers && listener.get() < 0; ++slot) {
    listener = listenTo(socketName(std::to_string(slot)));
    if (listener.get() < 0 && errno != EADDRINUSE)
      return failed("a name cannot be taken", error);
  }
  // Enough others offer it.
  if (listener.get() < 0)
    return true;
  stop = Descriptor(::eventfd(0, EFD_CLOEXEC));
  if (stop.get() < 0)
    return failed("there is no event", error);
  offered = std::move(handle);
  // Signals are for the threads of the program.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = true;
  try {
    server = std::thread([this] { serve(); });
  } catch (const std::system_error &) {
    started = error.set(RECKON_UNAVAILABLE, "sharing between processes: no thread can be started");
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

void HandleExchange::serve() {
  for (;;) {
    pollfd events[] = {{listener.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}};
    if (::poll(events, 2, -1) < 0 && errno != EINTR)
      return;
    if (events[1].revents != 0)
      return;
    if (events[0].revents == 0)
      continue;
    Descriptor peer(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (peer.get() >= 0 && isOwn(peer.get()))
      send(peer.get(), offered.descriptor.get(), offered.bytes);
  }
}
