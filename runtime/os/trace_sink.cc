// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/trace_sink.h"

#include <time.h>

#include <algorithm>

#include "base/assert.h"

namespace geode::os {
namespace {

bool is_bare(char byte) {
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    const bool digit = byte >= '0' && byte <= '9';
    return letter || digit || std::string_view("-_.:/+@").find(byte) != std::string_view::npos;
}

void append_escaped(std::string& line, char byte) {
    switch (byte) {
        case '"': line += "\\\""; return;
        case '\\': line += "\\\\"; return;
        case '\n': line += "\\n"; return;
        case '\t': line += "\\t"; return;
        case '\r': line += "\\r"; return;
        default: break;
    }
    const auto code = static_cast<unsigned char>(byte);
    if (code >= 0x20 && code != 0x7f) {
        line += byte;  // UTF-8 stays readable
        return;
    }
    constexpr std::string_view digits = "0123456789abcdef";
    line += "\\x";
    line += digits[code >> 4];
    line += digits[code & 0xf];
}

void append_text(std::string& line, std::string_view text) {
    if (!text.empty() && std::all_of(text.begin(), text.end(), is_bare)) {
        line += text;
        return;
    }
    line += '"';
    for (const char byte : text) append_escaped(line, byte);
    line += '"';
}

void append_time(std::string& line, WallTime at) {
    const std::int64_t count = at.time_since_epoch().count();
    // Floor, so that a clock before 1970 still prints a valid time.
    std::int64_t whole = count / 1'000'000'000;
    if (count % 1'000'000'000 < 0) --whole;
    const std::int64_t micros = (count - whole * 1'000'000'000) / 1'000;
    GEODE_ASSERT(micros >= 0);
    GEODE_ASSERT(micros < 1'000'000);
    const time_t seconds_since = whole;
    tm parts{};
    GEODE_ASSERT(::gmtime_r(&seconds_since, &parts) != nullptr);
    char text[40];
    const std::size_t length = ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    GEODE_ASSERT(length > 0);
    line.append(text, length);
    std::string digits = std::to_string(micros);
    line.append(".").append(6 - digits.size(), '0').append(digits).append("Z");
}

}  // namespace

std::string format_trace_line(WallTime at, NodeId node, std::string_view name,
                              std::span<const TraceField> fields) {
    std::string line;
    append_time(line, at);
    line.append(" n").append(std::to_string(node.value())).append(" ").append(name);
    for (const TraceField& field : fields) {
        line.append(" ").append(field.key).append("=");
        if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
            line += std::to_string(*number);
        } else if (const auto* count = std::get_if<std::uint64_t>(&field.value)) {
            line += std::to_string(*count);
        } else {
            append_text(line, std::get<std::string_view>(field.value));
        }
    }
    GEODE_ASSERT(line.find('\n') == line.npos);
    return line;
}

void LineTraceSink::write(WallTime at, NodeId node, std::string_view name,
                          std::span<const TraceField> fields) {
    // One call per line, so that lines of several threads or processes do not mix.
    const std::string line = format_trace_line(at, node, name, fields) + "\n";
    static_cast<void>(std::fwrite(line.data(), 1, line.size(), stream_));
    static_cast<void>(std::fflush(stream_));
}

}  // namespace geode::os
