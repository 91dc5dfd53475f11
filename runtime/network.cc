// SPDX-License-Identifier: Apache-2.0
#include "runtime/network.h"

#include <charconv>

namespace geode {

Result<Address> parse_address(std::string_view text) {
    const auto bad = [&](std::string_view why) {
        return make_error(
            ErrorCode::invalid_argument,
            "address \"" + std::string(text) + "\" " + std::string(why) + "; expected host:port");
    };
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return bad("has no port");
    std::string_view host = text.substr(0, colon);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return bad("has an IPv6 host without brackets");
    }
    if (host.empty()) return bad("has no host");
    const std::string_view digits = text.substr(colon + 1);
    Address address{std::string(host), 0};
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (failure != std::errc{} || end != digits.data() + digits.size()) {
        return bad("has a port outside 0..65535");
    }
    return address;
}

}  // namespace geode
