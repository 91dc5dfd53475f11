// SPDX-License-Identifier: Apache-2.0
#pragma once

// RapidCheck generators of graph things. Ids, names and types come from tiny pools, so that random
// commands meet each other; values come in every kind.

#include <rapidcheck/catch.h>

#include "graph/command.h"

namespace geode::graph::gens {

inline rc::Gen<Value> scalar() {
    return rc::gen::oneOf(
        rc::gen::map(rc::gen::arbitrary<bool>(), [](bool value) { return Value(value); }),
        rc::gen::map(rc::gen::arbitrary<std::int64_t>(),
                     [](std::int64_t value) { return Value(value); }),
        rc::gen::map(rc::gen::arbitrary<double>(), [](double value) { return Value(value); }),
        rc::gen::element(Value(0), Value(1), Value(1.0), Value(0.0), Value(-0.0),
                         Value(0.0 / std::numeric_limits<double>::infinity()),
                         Value(std::numeric_limits<double>::quiet_NaN()),
                         Value(std::numeric_limits<double>::infinity()),
                         Value(std::numeric_limits<std::int64_t>::min()),
                         Value(std::numeric_limits<std::int64_t>::max()), Value(0x1.0p63),
                         Value(-0x1.0p63), Value(9007199254740993), Value(9007199254740992.0)),
        rc::gen::map(rc::gen::string<std::string>(),
                     [](std::string value) { return Value(std::move(value)); }));
}

/// Any value, lists up to three deep; null too if it may be.
inline rc::Gen<Value> value(int depth = 3) {
    if (depth == 0) return rc::gen::oneOf(scalar(), rc::gen::just(Value()));
    return rc::gen::oneOf(
        scalar(), rc::gen::just(Value()),
        rc::gen::map(rc::gen::resize(4, rc::gen::container<List>(
                                            rc::gen::lazy([depth] { return value(depth - 1); }))),
                     [](List list) { return Value(std::move(list)); }));
}

inline rc::Gen<Properties> properties() {
    return rc::gen::resize(
        6, rc::gen::container<Properties>(
               rc::gen::nonEmpty(rc::gen::string<std::string>()),
               rc::gen::suchThat(value(), [](const Value& each) { return !each.is_null(); })));
}

inline rc::Gen<Vertex> any_vertex() {
    return rc::gen::build<Vertex>(
        rc::gen::set(&Vertex::id, rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                                               [](std::uint64_t id) { return VertexId(id); })),
        rc::gen::set(&Vertex::labels, rc::gen::container<Labels>(rc::gen::string<std::string>())),
        rc::gen::set(&Vertex::properties, properties()));
}

inline rc::Gen<EdgeKey> any_edge_key() {
    const auto number = rc::gen::oneOf(rc::gen::arbitrary<std::uint64_t>(),
                                       rc::gen::element<std::uint64_t>(0, 1, 255, 256, UINT64_MAX));
    const auto id = rc::gen::map(number, [](std::uint64_t each) { return VertexId(each); });
    const auto type = rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::element('\0', '\x01', '\xff', 'a')));
    return rc::gen::build<EdgeKey>(
        rc::gen::set(&EdgeKey::from, id), rc::gen::set(&EdgeKey::type, type),
        rc::gen::set(&EdgeKey::to, id), rc::gen::set(&EdgeKey::rank, number));
}

// Small pools for the model test.

inline rc::Gen<VertexId> pool_id() {
    return rc::gen::map(rc::gen::inRange<std::uint64_t>(0, 5),
                        [](std::uint64_t id) { return VertexId(id); });
}
inline rc::Gen<std::string> pool_type() {
    using namespace std::string_literals;
    return rc::gen::weightedElement<std::string>(
        {{8, "a"s}, {8, "ab"s}, {4, "a\0"s}, {4, "b"s}, {1, ""s}});
}
inline rc::Gen<Value> pool_value() {
    return rc::gen::weightedElement<Value>(
        {{4, Value()}, {6, Value(1)}, {6, Value(2)}, {2, Value(1.0)}, {2, Value("x")}});
}
inline rc::Gen<Properties> pool_properties() {
    const auto kept = rc::gen::weightedElement<Value>(
        {{30, Value(1)}, {30, Value(2)}, {20, Value("x")}, {1, Value()}});
    return rc::gen::resize(
        2, rc::gen::container<Properties>(rc::gen::element<std::string>("p", "q"), kept));
}
inline rc::Gen<EdgeKey> pool_edge_key() {
    return rc::gen::build<EdgeKey>(
        rc::gen::set(&EdgeKey::from, pool_id()), rc::gen::set(&EdgeKey::type, pool_type()),
        rc::gen::set(&EdgeKey::to, pool_id()),
        rc::gen::set(&EdgeKey::rank, rc::gen::inRange<std::uint64_t>(0, 2)));
}

/// One of the five single commands, as any variant that holds them.
template <class Variant>
rc::Gen<Variant> single_command() {
    const auto wrap = [](auto each) { return Variant(std::move(each)); };
    const auto put_vertex = rc::gen::map(
        rc::gen::tuple(pool_id(), pool_properties()), [](std::tuple<VertexId, Properties> parts) {
            return Variant(PutVertex{{std::get<0>(parts), {"L"}, std::get<1>(parts)}});
        });
    const auto put_edge =
        rc::gen::map(rc::gen::tuple(pool_edge_key(), pool_properties()),
                     [](std::tuple<EdgeKey, Properties> parts) {
                         return Variant(PutEdge{{std::get<0>(parts), std::get<1>(parts)}});
                     });
    const auto delete_vertex =
        rc::gen::map(rc::gen::build<DeleteVertex>(
                         rc::gen::set(&DeleteVertex::id, pool_id()),
                         rc::gen::set(&DeleteVertex::detach, rc::gen::arbitrary<bool>())),
                     wrap);
    const auto delete_edge = rc::gen::map(
        pool_edge_key(), [](EdgeKey key) { return Variant(DeleteEdge{std::move(key)}); });
    const auto cas = rc::gen::map(
        rc::gen::build<CompareAndSet>(
            rc::gen::set(&CompareAndSet::vertex, pool_id()),
            rc::gen::set(&CompareAndSet::property, rc::gen::element<std::string>("p", "q")),
            rc::gen::set(&CompareAndSet::expected, pool_value()),
            rc::gen::set(&CompareAndSet::desired, pool_value()),
            rc::gen::set(&CompareAndSet::create, rc::gen::arbitrary<bool>())),
        wrap);
    return rc::gen::weightedOneOf<Variant>(
        {{6, put_vertex}, {10, put_edge}, {2, delete_vertex}, {3, delete_edge}, {4, cas}});
}

inline rc::Gen<Command> command() {
    const auto batch = rc::gen::map(
        rc::gen::resize(
            8, rc::gen::container<std::vector<SingleCommand>>(single_command<SingleCommand>())),
        [](std::vector<SingleCommand> commands) { return Command(Batch{std::move(commands)}); });
    return rc::gen::weightedOneOf<Command>({{4, single_command<Command>()}, {1, batch}});
}

}  // namespace geode::graph::gens
