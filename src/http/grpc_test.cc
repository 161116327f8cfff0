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

}  // namespace
}  // namespace cardea::http
