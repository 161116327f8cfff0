// SPDX-License-Identifier: Apache-2.0
// EndpointNames: follows the names that endpoints give in place of addresses (an EndpointSlice of addressType FQDN), so that the
// table of endpoints can be made of addresses. Looks each up when its answer is out of date; while that fails, the last
// answer stays. The control thread's loop; workers never see a name.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "async/loop.h"
#include "async/scope.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/backoff.h"
#include "base/ip.h"
#include "net/resolver.h"
#include "proxy/settings.h"

namespace cardea::proxy {

class EndpointNames {
 public:
  using LookUp = std::function<async::Task<base::Result<net::Resolved>>(std::string name)>;

  // `changed` is called when addresses_of() says something else, once for all answers that came in one turn of the loop; it may
  // call this. Settings::local_names: whether a name may lead to this machine or its link, where the API server accepts no
  // endpoint either.
  EndpointNames(async::Loop& loop, LookUp look_up, const Settings& settings, std::function<void()> changed);
  EndpointNames(const EndpointNames&) = delete;
  EndpointNames& operator=(const EndpointNames&) = delete;

  // Once in its life; returns when `stop` is requested.
  async::Task<void> run(async::StopToken stop);

  // All the names there are now: sorted, each once. Those above the limit are not looked up.
  void follow(const std::vector<std::string>& names);
  // Sorted; none while it is not known.
  std::vector<base::IpAddress> addresses_of(std::string_view name) const;
  std::vector<std::string> problems() const;

 private:
  struct Entry {
    std::vector<base::IpAddress> addresses;
    async::Deadline due = 0;
    bool under_way = false;
    base::Backoff retry;
    std::string problem;
  };
  static async::Task<void> look(EndpointNames* self, std::string name);
  void take(Entry& entry, base::Result<net::Resolved> found);
  void start_due();
  async::Deadline next_due() const;

  async::Loop& loop_;
  LookUp look_up_;
  NameLimits limits_;
  bool local_;
  std::function<void()> changed_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::size_t left_out_ = 0;
  std::size_t under_way_ = 0;
  bool has_changed_ = false;
  async::Signal work_;
  async::TaskScope tasks_;
};

}  // namespace cardea::proxy
