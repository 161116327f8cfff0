// SPDX-License-Identifier: Apache-2.0
#include "http/grpc.h"

#include <gtest/gtest.h>

namespace cardea::http {
namespace {

TEST(Grpc, IsKnownByItsContentType) {
  for (const char* type : {"application/grpc", "Application/GRPC", "application/grpc+proto", "application/grpc;charset=x",
                           "application/grpc-web+proto", "application/grpc ; a=b"}) {
    EXPECT_TRUE(is_grpc_content_type(type)) << type;
  }
  for (const char* type : {"", "application", "application/json", "application/grpcx", "text/grpc", "application/grpc2+proto"}) {
    EXPECT_FALSE(is_grpc_content_type(type)) << type;
  }
}

TEST(Grpc, IsAlwaysAPost) {
  RequestHead head;
  head.fields.append(HeaderId::ContentType, "application/grpc");
  head.method = Method::Post;
  EXPECT_TRUE(is_grpc(head));
  head.method = Method::Get;
  EXPECT_FALSE(is_grpc(head));
}

TEST(Grpc, Timeouts) {
  using namespace std::chrono_literals;
  EXPECT_EQ(grpc_timeout("1H"), 1h);
  EXPECT_EQ(grpc_timeout("2M"), 2min);
  EXPECT_EQ(grpc_timeout("3S"), 3s);
  EXPECT_EQ(grpc_timeout("99999999m"), 99'999'999ms);
  EXPECT_EQ(grpc_timeout("1500u"), 2ms);
  EXPECT_EQ(grpc_timeout("1n"), 1ms);
  EXPECT_EQ(grpc_timeout("0S"), 0ms);
  for (const char* value : {"", "S", "1", "1s", "-1S", "1.5S", "123456789m", "1 S"}) EXPECT_FALSE(grpc_timeout(value)) << value;
}

}  // namespace
}  // namespace cardea::http
