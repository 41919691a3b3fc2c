// What callers said is stored sealed: AES-256-GCM under a key of its call, which is itself sealed under the master key.
// Without its key a call's rows and recordings are noise, wherever a copy of them lies; so destroying one key is the purge that
// reaches every copy. The master key comes from the credentials and stands on no disk of this program's.
//
// When the master key is missing on a box that had one (D16), the keys of new calls are sealed to its public half (X25519),
// which the database knows: calls go on, nothing is written in the clear, and everything is readable when the key is back.
#pragma once

#include "base/error.hpp"
#include "base/sensitive.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::store {

constexpr std::size_t k_key_bytes = 32;

// 256 bits that are wiped when they go.
class Key {
  public:
    Key() = default;
    explicit Key(std::string_view bytes);  // 32 of them
    ~Key();
    Key(const Key&) = default;
    Key& operator=(const Key&) = default;
    static Key random();
    // HMAC-SHA256 of `purpose`: a key for another use, from which this one cannot be found.
    Key derived(std::string_view purpose) const;
    std::string_view bytes() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

  private:
    std::array<unsigned char, k_key_bytes> bytes_{};
};

// AES-256-GCM: nonce (12 random bytes), ciphertext, tag (16).
std::string seal_bytes(const Key& key, std::string_view associated, std::string_view plain);
std::optional<std::string> open_bytes(const Key& key, std::string_view associated, std::string_view sealed);

// The credential master_key: 64 hex digits, then older ones that still open what was sealed under them, with commas between.
class MasterKeys {
  public:
    static constexpr std::size_t k_keys_max = 8;
    static base::Result<MasterKeys> parse(const base::Secret& text);  // "master_key" (reject)

    const std::string& id() const { return keys_.front().id; }  // of the newest
    std::string public_half() const;                             // of the newest: "ID:HEX"
    std::string seal(std::string_view associated, const Key& key) const;
    std::optional<Key> open(std::string_view associated, std::string_view sealed) const;

  private:
    struct One {
        std::string id;  // 16 hex digits out of a hash of it
        Key key;
    };
    std::vector<One> keys_;
};

// Seals to a public half without being able to open. nullopt: it is none.
std::optional<std::string> seal_to_public(std::string_view public_half, std::string_view associated, const Key& key);

// The keys of calls. Any thread but for what is said otherwise; holds at most k_calls_max of them.
class Vault {
  public:
    enum class State {
        off,      // no master key was ever given: nothing is sealed
        on,
        missing,  // it was given once and is not there now: what was sealed before cannot be read
    };
    static constexpr std::size_t k_calls_max = 2'000;

    explicit Vault(std::optional<MasterKeys> keys, bool unreadable);

    State state() const;
    // Where sealed keys are looked up; store thread, and empty while no database is open.
    void look_up_with(std::function<std::optional<std::string>(const std::string& sid)> look_up);
    // What a database or the watermark knows of the public half. Keeps the first when there is no master key.
    void learn_public_half(std::string_view public_half);
    std::string public_half() const;

    // --- store thread ---
    // The keys of a call, oldest first: nearly always one. Empty: off, none was made yet, or none can be opened.
    std::vector<Key> keys_of(const std::string& sid);
    // One more key for it, and how it is stored: beside what the database has already (`sealed`, may be empty).
    std::string make(const std::string& sid, std::string_view sealed);
    // Whether `word`, a sealed key found elsewhere, is one of those in `sealed`: the same text, as good as the same text (a damaged
    // copy), or another sealing of the same key.
    bool holds(const std::string& sid, std::string_view sealed, std::string_view word) const;
    // `sealed` and those of `more` that it does not hold; nullopt: it holds them all, or there is no room.
    std::optional<std::string> with_more(const std::string& sid, std::string_view sealed, std::string_view more) const;
    // All of them under the newest master key; one that cannot be opened stays as it is.
    struct Anew {
        std::string sealed;
        bool whole = true;  // false: one could not be opened
    };
    Anew sealed_anew(const std::string& sid, std::string_view sealed) const;
    void forget(const std::string& sid);

    // --- any thread ---
    std::vector<Key> cached(const std::string& sid) const;
    // A key of something that is no call. Empty when off.
    std::string seal_key(std::string_view associated, const Key& key) const;
    std::optional<Key> open_key(std::string_view associated, std::string_view sealed) const;

  private:
    void remember(const std::string& sid, std::vector<Key> keys);

    const std::optional<MasterKeys> keys_;
    const bool unreadable_;
    std::function<std::optional<std::string>(const std::string&)> look_up_;  // store thread
    mutable std::mutex mutex_;
    std::string public_half_;  // guarded by mutex_, as is what follows
    struct Entry {
        std::vector<Key> keys;
        std::list<std::string>::iterator place;
    };
    mutable std::list<std::string> order_;  // the one used last in front
    std::unordered_map<std::string, Entry> calls_;
};
const char* to_string(Vault::State state);

// A text as it is stored. "hf1:" begins a sealed one; a plain one that looks like either mark is marked as plain.
std::string stored_plain(std::string_view text);
std::string stored_sealed(const Key& key, std::string_view associated, std::string_view text);
bool is_sealed(std::string_view stored);
// A sealed key begins here, maybe with some wrong letters: its length. 0: none does.
std::size_t sealed_key_length(std::string_view text);
constexpr std::size_t k_sealed_key_bytes_max = 144;
constexpr std::size_t k_sealed_keys_max = 8;  // of one call
// nullopt: sealed, and not with one of these keys or not for this place.
std::optional<std::string> revealed(std::string_view stored, const std::vector<Key>& keys, std::string_view associated);

// What a sealed text belongs to: it opens nowhere else. `row` is the row's first number, 0 in the call's own row.
std::string sealed_for(std::string_view sid, std::string_view column, std::int64_t row);

}  // namespace holdfast::store
