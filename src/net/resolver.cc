// SPDX-License-Identifier: Apache-2.0
#include "net/resolver.h"

#include <ares.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "async/scope.h"
#include "async/stop.h"
#include "net/socket_address.h"

namespace cardea::net {
namespace {

constexpr int kTryMilliseconds = 2'000;  // of the first try with a server
constexpr int kTries = 2;
constexpr std::uint64_t kIdleLook = 60'000;

// The library counts its users.
struct Library {
  Library() : status(ares_library_init(ARES_LIB_INIT_ALL)) {}
  ~Library() { ares_library_cleanup(); }
  int status;
};

bool has_event(int descriptor, short event) {
  pollfd poll{descriptor, event, 0};
  return ::poll(&poll, 1, 0) > 0 && (poll.revents & (event | POLLERR | POLLHUP)) != 0;
}

}  // namespace

class Resolver::Channel {
 public:
  explicit Channel(async::Loop& loop) : loop_(loop), tasks_(loop) {}
  ~Channel() {
    if (channel_) ares_destroy(channel_);
  }

  base::Result<> open() {
    ares_options options{};
    options.timeout = kTryMilliseconds;
    options.tries = kTries;
    options.sock_state_cb = &Channel::follow_socket;
    options.sock_state_cb_data = this;
    const int wanted = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    const int status = library_.status ? library_.status : ares_init_options(&channel_, &options, wanted);
    if (status != ARES_SUCCESS) return base::fail(fmt::format("the resolver cannot start: {}", ares_strerror(status)));
    tasks_.spawn(&Channel::keep_time, this);
    return {};
  }

  async::Task<base::Result<Resolved>> addresses_of(std::string name) {
    Query query{this, {}, false, {}};
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_NOSORT;
    begun_.raise(loop_);
    ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &Channel::take_answer, &query);
    // It owns `query` until it answers, also when the loop ends: stop() makes it.
    while (!query.done) {
      const async::Wake wake = co_await async::wait_any(loop_, async::kNever, query.answered);
      if (wake == async::Wake::Ended && !query.done) ares_cancel(channel_);
    }
    if (query.status != ARES_SUCCESS) co_return base::fail(fmt::format("{} cannot be resolved: {}", name, ares_strerror(query.status)));
    std::vector<base::IpAddress>& addresses = query.found.addresses;
    if (addresses.empty()) co_return base::fail(fmt::format("{} has no address", name));
    std::ranges::sort(addresses);
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    co_return std::move(query.found);
  }

  void stop() {
    stop_.request(loop_);
    ares_cancel(channel_);
  }
  async::Task<void> close() { return tasks_.close(); }

 private:
  struct Query {
    Channel* channel;
    async::Signal answered;
    bool done;
    Resolved found;
    int status = ARES_SUCCESS;
  };
  struct Socket {
    async::Pollable pollable;
    bool wants_write = false;
    bool gone = false;
  };

  static void take_answer(void* argument, int status, int, ares_addrinfo* answer) {
    auto* query = static_cast<Query*>(argument);
    query->status = status;
    for (const ares_addrinfo_node* node = answer ? answer->nodes : nullptr; node; node = node->ai_next) {
      const auto address = ip_of(node->ai_addr);
      if (!address) continue;
      const std::chrono::seconds ttl(std::max(node->ai_ttl, 0));
      Resolved& found = query->found;
      found.ttl = found.addresses.empty() ? ttl : std::min(found.ttl, ttl);
      found.addresses.push_back(*address);
    }
    if (answer) ares_freeaddrinfo(answer);
    query->done = true;
    query->answered.raise(query->channel->loop_);
  }

  // A socket is new, waits for other events, or is about to be closed.
  static void follow_socket(void* argument, ares_socket_t descriptor, int read, int write) {
    auto* self = static_cast<Channel*>(argument);
    auto found = self->sockets_.find(descriptor);
    if (!read && !write) {
      if (found == self->sockets_.end()) return;
      self->loop_.remove(descriptor);
      found->second->gone = true;
      found->second->pollable.readable.raise(self->loop_);
      self->sockets_.erase(found);
      return;
    }
    if (found == self->sockets_.end()) {
      found = self->sockets_.emplace(descriptor, std::make_shared<Socket>()).first;
      self->loop_.add(descriptor, found->second->pollable);
      self->tasks_.spawn(&Channel::serve_socket, self, descriptor, found->second);
    }
    found->second->wants_write = write != 0;
  }

  // Events are told once (edge-triggered), so all that is there is worked off each time.
  static async::Task<void> serve_socket(Channel* self, ares_socket_t descriptor, std::shared_ptr<Socket> socket) {
    while (!socket->gone) {
      const async::Wake wake = co_await async::wait_any(self->loop_, async::kNever, socket->pollable.readable, socket->pollable.writable);
      if (wake == async::Wake::Ended) co_return;
      while (!socket->gone && has_event(descriptor, POLLIN)) ares_process_fd(self->channel_, descriptor, ARES_SOCKET_BAD);
      if (!socket->gone && socket->wants_write && has_event(descriptor, POLLOUT)) {
        ares_process_fd(self->channel_, ARES_SOCKET_BAD, descriptor);
      }
    }
  }

  // Tries that are not answered in time.
  static async::Task<void> keep_time(Channel* self) {
    while (!self->stop_.requested() && !self->loop_.ended()) {
      timeval longest{kIdleLook / 1000, 0};
      timeval room;
      const timeval* next = ares_timeout(self->channel_, &longest, &room);
      const auto wait = static_cast<std::uint64_t>(next->tv_sec) * 1000 + static_cast<std::uint64_t>(next->tv_usec) / 1000 + 1;
      const async::Wake wake = co_await async::wait_any(self->loop_, self->loop_.after(wait), self->begun_, self->stop_.signal());
      if (wake == async::Wake::TimedOut) ares_process_fd(self->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }
  }

  async::Loop& loop_;
  Library library_;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, std::shared_ptr<Socket>> sockets_;
  async::Signal begun_;
  async::StopSource stop_;
  async::TaskScope tasks_;
};

base::Result<std::unique_ptr<Resolver>> Resolver::create(async::Loop& loop) {
  auto channel = std::make_unique<Channel>(loop);
  if (auto opened = channel->open(); !opened) return std::unexpected(std::move(opened).error());
  return std::unique_ptr<Resolver>(new Resolver(std::move(channel)));
}

Resolver::Resolver(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}
Resolver::~Resolver() = default;
async::Task<base::Result<Resolved>> Resolver::addresses_of(std::string name) {
  return channel_->addresses_of(std::move(name));
}
void Resolver::stop() { channel_->stop(); }
async::Task<void> Resolver::close() { return channel_->close(); }

}  // namespace cardea::net
