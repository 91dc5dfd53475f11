// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "runtime/os/trace_sink.h"
#include "tests/runtime_os/fixture.h"

using namespace geode;
using namespace geode::os;

namespace {

std::string line_of(std::initializer_list<TraceField> fields,
                    WallTime at = WallTime(nanoseconds(1'795'235'460'123'456'789))) {
    return format_trace_line(at, NodeId(1), "raft.became_leader",
                             std::span<const TraceField>(fields.begin(), fields.size()));
}

}  // namespace

TEST_CASE("trace: writes the documented line", "[fast]") {
    CHECK(line_of({{"term", 5}}) == "2026-11-21T04:31:00.123456Z n1 raft.became_leader term=5");
    CHECK(line_of({}) == "2026-11-21T04:31:00.123456Z n1 raft.became_leader");
    CHECK(line_of({{"low", INT64_MIN}, {"high", UINT64_MAX}}) ==
          "2026-11-21T04:31:00.123456Z n1 raft.became_leader low=-9223372036854775808 "
          "high=18446744073709551615");
    CHECK(line_of({}, WallTime(nanoseconds(-1))).starts_with("1969-12-31T23:59:59.999999Z "));
    CHECK(line_of({}, WallTime(seconds(7))).starts_with("1970-01-01T00:00:07.000000Z "));
}

TEST_CASE("trace: an event is one line whatever its values hold", "[fast]") {
    const auto value = [](std::string_view text) {
        const std::string line = line_of({{"v", text}});
        return line.substr(line.find("v=") + 2);
    };
    CHECK(value("10.0.0.1:3142") == "10.0.0.1:3142");
    CHECK(value("") == "\"\"");
    CHECK(value("two words") == "\"two words\"");
    CHECK(value("a=b") == "\"a=b\"");
    CHECK(value("x\ny\t\r\"\\") == "\"x\\ny\\t\\r\\\"\\\\\"");
    CHECK(value(std::string_view("\0\x1b\x7f", 3)) == "\"\\x00\\x1b\\x7f\"");
    CHECK(value("Zoë") == "\"Zoë\"");
}

TEST_CASE("trace: a World stamps its events", "[fast]") {
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* stream = ::open_memstream(&text, &size);
    REQUIRE(stream != nullptr);
    LineTraceSink sink(stream);
    {
        EventLoop loop;
        const auto world = OsWorld::create(loop, {.node = NodeId(9), .trace_sink = &sink});
        REQUIRE(world);
        (*world)->trace().event("os.test", {{"answer", 42}, {"who", "me"}});
        (*world)->trace().event("os.done");
    }
    std::fclose(stream);
    const std::string lines(text, size);
    ::free(text);
    CHECK(lines.find("Z n9 os.test answer=42 who=me\n") ==
          std::string("2026-11-21T04:31:00.123456").size());
    CHECK(lines.ends_with("Z n9 os.done\n"));
}
