// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "graph/csv.h"
#include "graph/csv_load.h"
#include "graph/limits.h"

using namespace geode;
using namespace geode::graph;

namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(std::string_view text) {
    CsvReader reader(text, "t.csv");
    Rows rows;
    std::vector<CsvField> row;
    while (reader.next(row).value()) {
        rows.emplace_back();
        for (const CsvField& field : row) rows.back().push_back(field.text);
    }
    return rows;
}

std::string csv_error(std::string_view text) {
    CsvReader reader(text, "t.csv");
    std::vector<CsvField> row;
    while (true) {
        const Result<bool> next = reader.next(row);
        if (!next) return next.error().message;
        if (!*next) return "";
    }
}

std::string vertices_error(std::string_view text) {
    const Result<CsvVertices> parsed = parse_vertices(text, "n.csv");
    if (parsed) return "";
    CHECK(parsed.code() == ErrorCode::invalid_argument);
    return parsed.error().message;
}

std::string edges_error(std::string_view text) {
    const CsvVertices nodes = parse_vertices("~id\n1\n2\n", "n.csv").value();
    const Result<std::vector<Edge>> parsed = parse_edges(text, "e.csv", nodes.names);
    if (parsed) return "";
    CHECK(parsed.code() == ErrorCode::invalid_argument);
    return parsed.error().message;
}

}  // namespace

TEST_CASE("csv: rows, quotes and line ends of RFC 4180", "[fast]") {
    CHECK(rows_of("").empty());
    CHECK(rows_of("a,b\nc,d") == Rows{{"a", "b"}, {"c", "d"}});
    CHECK(rows_of("a,b\r\nc,d\r\n") == Rows{{"a", "b"}, {"c", "d"}});
    CHECK(rows_of("\xef\xbb\xbf"
                  "a\n\n\r\nb\n") == Rows{{"a"}, {"b"}});
    CHECK(rows_of("a,\n,b\n,") == Rows{{"a", ""}, {"", "b"}, {"", ""}});
    CHECK(rows_of("\"a,\"\"b\"\"\",c\n") == Rows{{"a,\"b\"", "c"}});
    CHECK(rows_of("\"two\r\nlines\",x\ny,\"\"") == Rows{{"two\r\nlines", "x"}, {"y", ""}});
    CHECK(rows_of("a\rb,c\n") == Rows{{"a\rb", "c"}});
}

TEST_CASE("csv: what is not CSV is refused with its line", "[fast]") {
    CHECK(csv_error("a\nb\"c\n") == "t.csv:2: quote inside a field that does not start with one");
    CHECK(csv_error("\"a\nb") == "t.csv:1: quoted field without a closing quote");
    CHECK(csv_error("\"1\n2\"\n\"a\"b\n") ==
          "t.csv:3: expected a comma or the end of the line after field 1");
}

TEST_CASE("csv_load: every column type", "[fast]") {
    const CsvVertices parsed =
        parse_vertices(
            "~label,s:string,i:int,~id,l:long,d:double,b:Boolean,plain,t:string[],n:int[]\n"
            "A;B,text,-5,7,9223372036854775807,1.5e3,TRUE,p,a;b\\;c,1;2\n"
            ",\"\",,0,,,,,,\n",
            "n.csv")
            .value();
    REQUIRE(parsed.vertices.size() == 2);
    CHECK(parsed.vertices[0] == Vertex{VertexId(7),
                                       {"A", "B"},
                                       {{"s", "text"},
                                        {"i", -5},
                                        {"l", std::numeric_limits<std::int64_t>::max()},
                                        {"d", 1500.0},
                                        {"b", true},
                                        {"plain", "p"},
                                        {"t", List{Value("a"), Value("b;c")}},
                                        {"n", List{Value(1), Value(2)}}}});
    CHECK(parsed.vertices[1] == Vertex{VertexId(0), {}, {{"s", ""}}});
}

TEST_CASE("csv_load: ids are numbers if all are, else the order of the text", "[fast]") {
    const CsvVertices named = parse_vertices("~id\n7\nnode-9\n8\n", "n.csv").value();
    CHECK(named.vertices[0] == Vertex{VertexId(1), {}, {{"~id", "7"}}});
    CHECK(named.vertices[1] == Vertex{VertexId(2), {}, {{"~id", "node-9"}}});
    CHECK(named.names.at("8") == VertexId(3));
    // "07" is a name: as a number it would be the same vertex as 7.
    CHECK(parse_vertices("~id\n7\n07\n", "n.csv").value().vertices[1].id == VertexId(2));
    CHECK(parse_vertices("~id\n18446744073709551615\n", "n.csv").value().vertices[0].id ==
          VertexId(UINT64_MAX));
    CHECK(parse_vertices("~id\n18446744073709551616\n", "n.csv").value().vertices[0].id ==
          VertexId(1));

    const auto edges = [&](std::string_view text) {
        return parse_edges(text, "e.csv", named.names).value();
    };
    CHECK(edges("~id,~from,~to,~label,dist:int\n40,7,node-9,t,5\n41,8,8,t,\n") ==
          std::vector<Edge>{{{VertexId(1), "t", VertexId(2), 40}, {{"dist", 5}}},
                            {{VertexId(3), "t", VertexId(3), 41}, {}}});
    CHECK(edges("~id,~from,~to,~label\ne1,7,8,t\n2,7,8,t\n") ==
          std::vector<Edge>{{{VertexId(1), "t", VertexId(3), 1}, {{"~id", "e1"}}},
                            {{VertexId(1), "t", VertexId(3), 2}, {{"~id", "2"}}}});
    CHECK(edges("~from,~to,~label\n7,8,t\n7,8,t\n") ==
          std::vector<Edge>{{{VertexId(1), "t", VertexId(3), 1}, {}},
                            {{VertexId(1), "t", VertexId(3), 2}, {}}});
}

TEST_CASE("csv_load: vertex errors name file, line and what was expected", "[fast]") {
    CHECK(vertices_error("") == "n.csv:1: expected a header line");
    CHECK(vertices_error("a,b\n") == "n.csv:1: expected a column ~id");
    CHECK_THAT(vertices_error("~id,x:blob\n"), Catch::StartsWith("n.csv:1: unknown type of column "
                                                                 "\"x:blob\""));
    CHECK(vertices_error("~id,~nope\n") == "n.csv:1: unknown column \"~nope\"");
    CHECK(vertices_error("~id,:int\n") == "n.csv:1: a column without a name");
    CHECK(vertices_error("~id,a:int,a\n") == "n.csv:1: two columns \"a\"");
    CHECK(vertices_error("~id,a\n1,2,3\n") == "n.csv:2: expected 2 fields, found 3");
    CHECK(vertices_error("~id\n1\n1\n") == "n.csv:3: vertex \"1\" was there before");
    CHECK(vertices_error("a,~id\n1,\n") == "n.csv:2: expected a value in column ~id");
    CHECK(vertices_error("~id,a:int\n\n1,x\n") ==
          "n.csv:3: expected a whole number of 64 bits in column a, found \"x\"");
    CHECK(vertices_error("~id,a:int\n1,9223372036854775808\n") ==
          "n.csv:2: expected a whole number of 64 bits in column a, found "
          "\"9223372036854775808\"");
    CHECK(vertices_error("~id,a:double\n1,1.5x\n") ==
          "n.csv:2: expected a number in column a, found \"1.5x\"");
    CHECK(vertices_error("~id,a:bool\n1,yes\n") ==
          "n.csv:2: expected true or false in column a, found \"yes\"");
    CHECK(vertices_error("~id,a:int[]\n1,1;x\n") ==
          "n.csv:2: expected a whole number of 64 bits, or several separated by ';', in column a, "
          "found \"1;x\"");
    CHECK(vertices_error("~id,~label\n1,a;;b\n") == "n.csv:2: vertex \"1\": empty label");
}

TEST_CASE("csv_load: edge errors name file, line and what was expected", "[fast]") {
    CHECK(edges_error("~from,~to,~label\n1,2,t\n") == "");
    CHECK(edges_error("~from,~to\n1,2\n") == "e.csv:1: expected a column ~label");
    CHECK(edges_error("~from,~to,~label\n1,3,t\n") == "e.csv:2: ~to is no known vertex: \"3\"");
    CHECK(edges_error("~from,~to,~label\n3,1,t\n") == "e.csv:2: ~from is no known vertex: \"3\"");
    CHECK(edges_error("~from,~to,~label\n1,2,\n") == "e.csv:2: expected a value in column ~label");
    CHECK(edges_error("~id,~from,~to,~label\n5,1,2,t\n5,2,1,t\n") ==
          "e.csv:3: edge \"5\" was there before");
    CHECK_THAT(edges_error("~from,~to,~label\n1,2," + std::string(name_bytes_max + 1, 't') + "\n"),
               Catch::StartsWith("e.csv:2: edge type bytes: 257"));
}

TEST_CASE("csv_load: batches are cut by count and by bytes, vertices first", "[fast]") {
    std::vector<Vertex> vertices;
    for (std::uint64_t id = 0; id < 5; ++id) vertices.push_back({VertexId(id), {}, {}});
    std::vector<Edge> edges(2, Edge{{VertexId(0), "t", VertexId(1), 0}, {}});
    const std::vector<Batch> batches = to_batches(vertices, edges, 3);
    REQUIRE(batches.size() == 3);
    CHECK(batches[0].commands.size() == 3);
    CHECK(std::holds_alternative<PutVertex>(batches[1].commands[1]));
    CHECK(std::holds_alternative<PutEdge>(batches[1].commands[2]));
    CHECK(batches[2].commands.size() == 1);
    CHECK(to_batches({}, {}, 3).empty());

    const std::string text(load_batch_bytes_max / 2 - 100, 'x');
    for (Vertex& vertex : vertices) vertex.properties.emplace("a", text);
    const std::vector<Batch> large = to_batches(vertices, {}, 1000);
    REQUIRE(large.size() == 3);
    for (const Batch& batch : large) CHECK(find_invalid(Command(batch)) == std::nullopt);
}
