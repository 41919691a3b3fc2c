// The format of a sealed recording, apart from any disk. Any thread, one at a time.
//
//   head     512 bytes: magic, version, size of a block, random id of the file, note in the clear, nonce, tag over all of it
//   blocks   4128 bytes each: nonce (12), then sealed: length and mark (4), 4096 bytes of the WAV; tag (16)
//
// AES-256-GCM under HKDF-SHA256(key of the call, "holdfast recording" and the file's id). A block opens only in its file and
// at its place. The last one of a finished file is marked, so a cut is noticed; all have one size, so what a crash leaves can
// be taken apart. The note says what retention and repair need without a key; who may read the folder may read it.
#pragma once

#include "base/error.hpp"
#include "recording/key.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_cipher_ctx_st;

namespace holdfast::recording {

constexpr std::size_t k_seal_head_bytes = 512;  // one sector: written once, whole or not at all
constexpr std::size_t k_seal_note_bytes_max = 448;
constexpr std::size_t k_seal_plain_bytes = 4096;
constexpr std::size_t k_seal_block_bytes = 12 + 4 + k_seal_plain_bytes + 16;

struct SealHead {
    std::string file_id;
    std::string note;
};
// nullopt: not the head of a sealed recording, or of a version that this program does not know.
std::optional<SealHead> read_seal_head(std::string_view bytes);

class Seal {
  public:
    // Of a new file. Null: OpenSSL gives neither cipher nor random bytes.
    static std::unique_ptr<Seal> create(const base::Secret& key, std::string_view note);
    // Of an existing one; tries each key there is. Codes: "damaged" (reject: not a head), "key" (retry: there is none now;
    // reject: of another call, or the head was changed).
    static base::Result<std::unique_ptr<Seal>> open(const FileKey& key, std::string_view head);
    ~Seal();
    Seal(const Seal&) = delete;
    Seal& operator=(const Seal&) = delete;

    const std::string& head() const { return head_; }
    std::string note() const;

    struct Block {
        std::size_t used = 0;  // of its bytes, from the first on
        bool last = false;
    };
    // `plain` has k_seal_plain_bytes, `sealed` room for k_seal_block_bytes. False: OpenSSL failed.
    bool seal(std::uint64_t number, Block block, const char* plain, char* sealed);
    // nullopt: not what was sealed at this place of this file.
    std::optional<Block> open_block(std::uint64_t number, const char* sealed, char* plain);

  private:
    struct Free {
        void operator()(evp_cipher_ctx_st* context) const;
    };
    using Cipher = std::unique_ptr<evp_cipher_ctx_st, Free>;

    explicit Seal(std::string file_id) : file_id_(std::move(file_id)) {}
    bool use(const base::Secret& key);
    bool head_is_ours(std::string_view head);
    std::string associated(std::uint64_t number) const;

    const std::string file_id_;
    std::string head_;
    Cipher to_seal_, to_open_;  // keep the key that was derived
};

}  // namespace holdfast::recording
