// SPDX-License-Identifier: Apache-2.0
// Answers of the gateway's own.
#pragma once

#include <string_view>

#include "async/task.h"
#include "http/head.h"
#include "proxy/request.h"

namespace cardea::proxy {

// A response that no backend made, whole: notes its status, and ends the connection where that is to end.
async::Task<void> answer_client(Request& request, http::ResponseHead& head, std::string_view text);

}  // namespace cardea::proxy
