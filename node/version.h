// SPDX-License-Identifier: Apache-2.0
#pragma once

// The product's version, as nodes report it and CHANGELOG.md counts it.

#include <string_view>

namespace geode::node {

inline constexpr std::string_view version = "0.1.0";

}  // namespace geode::node
