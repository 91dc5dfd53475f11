// SPDX-License-Identifier: Apache-2.0
#pragma once

// The names of a simulated disk: what is visible now, what is durable, and the changes between.
//
// A change (create, rename, remove) is atomic and pending until sync_dir() of a directory that it
// touches. sync_dir() also makes durable the earlier changes of the same paths, wherever they are:
// a durable rename of a file whose creation is not durable would be nonsense, and replaying the
// creation afterwards would bring the old name back.
//
// Invariant: `durable` plus all pending changes, in order, equals `current`.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_function.h"

namespace geode::sim {

/// Contents of one file (disk_image.h), or a directory.
struct Inode;
using InodeRef = std::shared_ptr<Inode>;
using NameTable = std::map<std::string, InodeRef, std::less<>>;

/// "a/b/c" -> "a/b"; "c" -> "" (the root).
std::string_view parent_of(std::string_view path);

class DiskNames {
public:
    /// What `path` names now; null if nothing.
    InodeRef find(std::string_view path) const;
    bool is_empty_dir(std::string_view path) const;
    /// Names directly in `path`, sorted.
    std::vector<std::string> list(std::string_view path) const;

    // Changes; `sequence` orders them with the data writes of the same disk.
    void create(std::string_view path, InodeRef inode, std::uint64_t sequence);
    /// Moves a file, or a directory with all below it; `to` is replaced.
    void rename(std::string_view from, std::string_view to, std::uint64_t sequence);
    void remove(std::string_view path, std::uint64_t sequence);
    /// Only changes up to the sequence: later ones came while the sync was under way.
    void sync_dir(std::string_view path, std::uint64_t up_to = UINT64_MAX);

    /// The sequences of the pending changes, ascending.
    std::vector<std::uint64_t> pending() const;
    /// After a power loss: keeps the pending changes for which `keep(sequence)` says so and forgets
    /// the others, then everything in directories that no longer exist. Returns how many changes
    /// were lost.
    std::size_t power_loss(FunctionRef<bool(std::uint64_t)> keep);
    const NameTable& current() const { return current_; }

private:
    /// A null inode removes the path.
    struct Binding {
        std::string path;
        InodeRef inode;
    };
    struct Change {
        std::uint64_t sequence;
        std::vector<Binding> bindings;
    };
    void apply(Change change);
    static void apply_to(NameTable& table, const Change& change);

    NameTable current_;
    NameTable durable_;
    std::vector<Change> pending_;
};

}  // namespace geode::sim
