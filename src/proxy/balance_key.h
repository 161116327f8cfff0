// SPDX-License-Identifier: Apache-2.0
// What a request is balanced by, after the settings of its Gateway.
#pragma once

#include <string_view>

#include "http/head.h"
#include "proxy/load_balancing.h"
#include "proxy/settings.h"

namespace cardea::proxy {

// `client_ip`: as text. A request without the header or cookie that is hashed is balanced by LeastOfTwo.
BalanceBy balance_by(const Settings& settings, const http::RequestHead& head, std::string_view client_ip);

}  // namespace cardea::proxy
