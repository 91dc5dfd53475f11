// SPDX-License-Identifier: Apache-2.0
#include "graph/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace geode::graph {
namespace {

std::strong_ordering reversed(std::strong_ordering order) {
    return 0 <=> order;
}

/// IEEE order with -0.0 before 0.0 and the canonical NaN, which is positive, last.
std::strong_ordering compare_doubles(double left, double right) {
    return std::strong_order(left, right);
}

/// Exact: a double is never rounded to an integer nor an integer to a double.
std::strong_ordering compare_mixed(std::int64_t left, double right) {
    constexpr double two_to_63 = 0x1.0p63;
    if (!(right < two_to_63)) return std::strong_ordering::less;  // too large, infinite or NaN
    if (right < -two_to_63) return std::strong_ordering::greater;
    const double whole = std::trunc(right);
    const auto truncated = static_cast<std::int64_t>(whole);
    if (left != truncated) return left <=> truncated;
    if (right < whole) return std::strong_ordering::greater;
    return std::strong_ordering::less;  // right has a fraction, or is equal: the int64 comes first
}

/// Numbers of both kinds share one rank, so that they interleave.
int rank_of(ValueKind kind) {
    switch (kind) {
        case ValueKind::null: return 0;
        case ValueKind::boolean: return 1;
        case ValueKind::int64:
        case ValueKind::float64: return 2;
        case ValueKind::string: return 3;
        case ValueKind::list: return 4;
    }
    GEODE_UNREACHABLE("a value of no known kind");
}

std::strong_ordering compare_numbers(const Value& left, const Value& right) {
    const bool left_whole = left.kind() == ValueKind::int64;
    const bool right_whole = right.kind() == ValueKind::int64;
    if (left_whole && right_whole) return left.int64() <=> right.int64();
    if (left_whole) return compare_mixed(left.int64(), right.float64());
    if (right_whole) return reversed(compare_mixed(right.int64(), left.float64()));
    return compare_doubles(left.float64(), right.float64());
}

void append_double(std::string& out, double value) {
    if (std::isnan(value)) {
        out.append("NaN");
        return;
    }
    if (std::isinf(value)) {
        out.append(value < 0 ? "-Infinity" : "Infinity");
        return;
    }
    char digits[32];
    const std::to_chars_result result = std::to_chars(digits, digits + sizeof digits, value);
    GEODE_ASSERT(result.ec == std::errc());
    const std::string_view text(digits, static_cast<std::size_t>(result.ptr - digits));
    out.append(text);
    if (text.find_first_of(".e") == std::string_view::npos) out.append(".0");
}

void append_quoted(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    out.push_back('"');
    for (const char byte : text) {
        const auto code = static_cast<unsigned char>(byte);
        if (byte == '"' || byte == '\\') {
            out.push_back('\\');
            out.push_back(byte);
        } else if (byte == '\n') {
            out.append("\\n");
        } else if (code < 0x20 || code == 0x7f) {
            out.append("\\x").push_back(hex[code >> 4U]);
            out.push_back(hex[code & 15U]);
        } else {
            out.push_back(byte);
        }
    }
    out.push_back('"');
}

void append_text(std::string& out, const Value& value) {
    switch (value.kind()) {
        case ValueKind::null: out.append("null"); return;
        case ValueKind::boolean: out.append(value.boolean() ? "true" : "false"); return;
        case ValueKind::int64: out.append(std::to_string(value.int64())); return;
        case ValueKind::float64: append_double(out, value.float64()); return;
        case ValueKind::string: append_quoted(out, value.string()); return;
        case ValueKind::list: break;
    }
    out.push_back('[');
    const char* separator = "";
    for (const Value& element : value.list()) {
        out.append(separator);
        append_text(out, element);
        separator = ", ";
    }
    out.push_back(']');
}

}  // namespace

std::strong_ordering Value::compare(const Value& right) const {
    const int left_rank = rank_of(kind());
    const int right_rank = rank_of(right.kind());
    if (left_rank != right_rank) return left_rank <=> right_rank;
    switch (kind()) {
        case ValueKind::null: return std::strong_ordering::equal;
        case ValueKind::boolean: return boolean() <=> right.boolean();
        case ValueKind::int64:
        case ValueKind::float64: return compare_numbers(*this, right);
        case ValueKind::string: return string() <=> right.string();
        case ValueKind::list: break;
    }
    return std::lexicographical_compare_three_way(list().begin(), list().end(),
                                                  right.list().begin(), right.list().end());
}

std::string to_text(const Value& value) {
    std::string out;
    append_text(out, value);
    return out;
}

std::string to_text(const Properties& properties) {
    std::string out = "{";
    const char* separator = "";
    for (const auto& [name, value] : properties) {
        out.append(separator).append(name).append(": ");
        append_text(out, value);
        separator = ", ";
    }
    out.push_back('}');
    return out;
}

std::string_view to_string(ValueKind kind) noexcept {
    switch (kind) {
        case ValueKind::null: return "null";
        case ValueKind::boolean: return "bool";
        case ValueKind::int64: return "int64";
        case ValueKind::float64: return "double";
        case ValueKind::string: return "string";
        case ValueKind::list: return "list";
    }
    return "?";
}

}  // namespace geode::graph
