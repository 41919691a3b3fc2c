// How far the journal had come, in a file of its own: a log that lost its end cannot say so itself (D07, D11, D12). Written
// after each commit and before its acknowledgements; two slots, written in turn, so that a torn one never counts. It is
// behind the database at most by the commit that was being acknowledged, and never before it.
#pragma once

#include "store/chain.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::store {

struct Mark {
    std::string generation;
    ChainHead chain;
    std::int64_t rows = 0;      // in all tables that have a hash
    std::int64_t next_seq = 0;
    std::int64_t schema_version = 0;
    std::string public_half;    // of the master key (vault.hpp): a fresh database must know it too
};

// Pure part, for the fuzzer: the newest slot that is whole.
struct MarkFile {
    std::optional<Mark> mark;
    std::uint64_t turn = 0;  // of the slot it stands in
    bool damaged = false;    // a slot that was written is not whole
};
MarkFile read_mark(std::string_view bytes);
constexpr std::size_t k_mark_slot_bytes = 512;  // a sector: written whole or not at all
constexpr std::size_t k_mark_slot_distance = 4096;

// Store thread. Never fails loudly: a box without a watermark takes calls.
class Watermark {
  public:
    explicit Watermark(std::string path) : path_(std::move(path)) {}
    ~Watermark();
    Watermark(const Watermark&) = delete;
    Watermark& operator=(const Watermark&) = delete;

    struct Found {
        bool exists = false;
        MarkFile content;
    };
    Found read();
    // Into the slot whose turn it is. False: not written; errno says why.
    bool write(const Mark& mark);
    // Onto the disk; what was written since the last time, if anything.
    bool sync();

  private:
    bool open();

    const std::string path_;
    int fd_ = -1;
    std::uint64_t turn_ = 0;
    bool unsynced_ = false;
};

}  // namespace holdfast::store
