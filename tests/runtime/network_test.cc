// SPDX-License-Identifier: Apache-2.0
#include "runtime/network.h"

#include <catch2/catch.hpp>

using namespace geode;

TEST_CASE("address: parses names, numbers and bracketed IPv6", "[fast]") {
    CHECK(*parse_address("n1:3142") == Address{"n1", 3142});
    CHECK(*parse_address("127.0.0.1:0") == Address{"127.0.0.1", 0});
    CHECK(*parse_address("[::1]:9090") == Address{"::1", 9090});
}

TEST_CASE("address: refuses what is not host:port, naming the text", "[fast]") {
    for (const char* text : {"", "n1", "n1:", ":1", "n1:65536", "n1:-1", "n1:8x", "::1:80"}) {
        INFO(text);
        const auto result = parse_address(text);
        REQUIRE_FALSE(result.has_value());
        CHECK(result.code() == ErrorCode::invalid_argument);
        CHECK(result.error().message.find("expected host:port") != std::string::npos);
    }
}
