// SPDX-License-Identifier: Apache-2.0
// Names that need no server: the hosts file, and what no server may answer.
#include "net/resolver.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cardea::net {
namespace {

using async::Task;
using Found = base::Result<Resolved>;

Task<Found> ask(async::Loop& loop, std::string name) {
  auto resolver = Resolver::create(loop);
  if (!resolver) co_return std::unexpected(resolver.error());
  auto found = co_await (*resolver)->addresses_of(std::move(name));
  (*resolver)->stop();
  co_await (*resolver)->close();
  co_return found;
}

TEST(Resolver, ANameOfTheHostsFile) {
  async::Loop loop;
  const Found found = loop.run(ask(loop, "localhost"));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_FALSE(found->addresses.empty());
  EXPECT_TRUE(std::ranges::all_of(found->addresses, [](const auto& address) { return address.is_loopback(); }));
}

TEST(Resolver, AnAddressIsItself) {
  async::Loop loop;
  const Found found = loop.run(ask(loop, "192.0.2.7"));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->addresses, std::vector{*base::parse_ip("192.0.2.7")});
}

TEST(Resolver, ANameThatCannotBe) {
  async::Loop loop;
  const Found found = loop.run(ask(loop, std::string(300, 'x')));
  ASSERT_FALSE(found);
  EXPECT_TRUE(found.error().message.contains("cannot be resolved")) << found.error().message;
}

}  // namespace
}  // namespace cardea::net
