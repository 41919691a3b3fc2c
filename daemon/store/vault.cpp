#include "store/vault.hpp"

#include "base/base64.hpp"
#include "base/hmac.hpp"
#include "base/random.hpp"
#include "base/sha256.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

namespace holdfast::store {
namespace {

constexpr std::size_t k_nonce_bytes = 12;
constexpr std::size_t k_tag_bytes = 16;
constexpr std::size_t k_id_digits = 16;
constexpr std::string_view k_under_master = "m1:";
constexpr std::string_view k_to_public = "p1:";
constexpr std::string_view k_sealed_text = "hf1:";
constexpr std::string_view k_plain_text = "hf0:";

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, Free>;
using CurveKey = std::unique_ptr<EVP_PKEY, Free>;

bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

CurveKey private_curve_key(const Key& key) {
    return CurveKey(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, bytes_of(key.bytes()), k_key_bytes));
}

std::string public_bytes(EVP_PKEY* key) {
    std::string out(k_key_bytes, '\0');
    std::size_t length = out.size();
    if (key == nullptr || EVP_PKEY_get_raw_public_key(key, bytes_of(out), &length) != 1) return {};
    return out;
}

// What two keys agree on, mixed with both public halves.
std::optional<Key> agreed(EVP_PKEY* mine, std::string_view theirs, std::string_view ephemeral, std::string_view fixed) {
    const CurveKey other(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, bytes_of(theirs), theirs.size()));
    const std::unique_ptr<EVP_PKEY_CTX, Free> context(mine == nullptr ? nullptr : EVP_PKEY_CTX_new(mine, nullptr));
    std::string shared(k_key_bytes, '\0');
    std::size_t length = shared.size();
    if (!other || !context || EVP_PKEY_derive_init(context.get()) != 1 || EVP_PKEY_derive_set_peer(context.get(), other.get()) != 1 ||
        EVP_PKEY_derive(context.get(), bytes_of(shared), &length) != 1) {
        return std::nullopt;
    }
    const Key key = Key(shared).derived("holdfast sealed to the public half" + std::string(ephemeral) + std::string(fixed));
    OPENSSL_cleanse(shared.data(), shared.size());
    return key;
}

std::optional<std::string> hex_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        int value = 0;
        for (const char c : text.substr(i, 2)) {
            const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
            if (digit < 0) return std::nullopt;
            value = 16 * value + digit;
        }
        out.push_back(static_cast<char>(value));
    }
    if (text.size() % 2 != 0) return std::nullopt;
    return out;
}

// "ID:HEX" into its two parts.
std::optional<std::pair<std::string, std::string>> parse_public_half(std::string_view text) {
    if (text.size() != k_id_digits + 1 + 2 * k_key_bytes || text[k_id_digits] != ':') return std::nullopt;
    auto key = hex_decode(text.substr(k_id_digits + 1));
    if (!key) return std::nullopt;
    return std::pair{std::string(text.substr(0, k_id_digits)), std::move(*key)};
}

template <class Each>
void each_word(std::string_view text, Each each) {
    for (std::size_t count = 0; !text.empty() && count < k_sealed_keys_max; ++count) {
        const auto end = std::min(text.find(' '), text.size());
        if (end > 0) each(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

std::size_t words_in(std::string_view text) {
    return text.empty() ? 0 : 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), ' '));
}

std::string of_call(std::string_view sid) { return "call_key " + std::string(sid); }

// Two sealings have nothing in common but where they begin: what differs in few letters is one of them, damaged.
bool nearly_same(std::string_view a, std::string_view b) {
    constexpr std::size_t k_letters_in_one_wrong = 8;
    if (a.size() != b.size()) return false;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < a.size(); ++i) wrong += a[i] != b[i] ? 1 : 0;
    return wrong <= a.size() / k_letters_in_one_wrong;
}

}  // namespace

// --- keys ---

Key::Key(std::string_view bytes) { std::copy_n(bytes.begin(), std::min(bytes.size(), k_key_bytes), bytes_.begin()); }
Key::~Key() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

Key Key::random() {
    std::string bytes = base::random_bytes(k_key_bytes);
    const Key key(bytes);
    OPENSSL_cleanse(bytes.data(), bytes.size());
    return key;
}

Key Key::derived(std::string_view purpose) const {
    std::string bytes = base::hmac_sha256(this->bytes(), purpose);
    const Key key(bytes);
    OPENSSL_cleanse(bytes.data(), bytes.size());
    return key;
}

std::string seal_bytes(const Key& key, std::string_view associated, std::string_view plain) {
    const Cipher context(EVP_CIPHER_CTX_new());
    std::string out = base::random_bytes(k_nonce_bytes);
    const std::string nonce = out;
    out.resize(k_nonce_bytes + plain.size() + k_tag_bytes);
    int length = 0;
    unsigned char nothing = 0;
    const bool good =
        context && EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key.bytes()), bytes_of(nonce)) == 1 &&
        EVP_EncryptUpdate(context.get(), nullptr, &length, bytes_of(associated), static_cast<int>(associated.size())) == 1 &&
        (plain.empty() || EVP_EncryptUpdate(context.get(), bytes_of(out) + k_nonce_bytes, &length, bytes_of(plain),
                                            static_cast<int>(plain.size())) == 1) &&
        EVP_EncryptFinal_ex(context.get(), &nothing, &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, k_tag_bytes, bytes_of(out) + k_nonce_bytes + plain.size()) == 1;
    // Only memory can be missing. In the clear is no alternative.
    if (!good) throw std::bad_alloc();
    return out;
}

std::optional<std::string> open_bytes(const Key& key, std::string_view associated, std::string_view sealed) {
    if (sealed.size() < k_nonce_bytes + k_tag_bytes) return std::nullopt;
    const Cipher context(EVP_CIPHER_CTX_new());
    const auto nonce = sealed.substr(0, k_nonce_bytes);
    const auto text = sealed.substr(k_nonce_bytes, sealed.size() - k_nonce_bytes - k_tag_bytes);
    std::string tag(sealed.substr(sealed.size() - k_tag_bytes));
    std::string out(text.size(), '\0');
    int length = 0;
    unsigned char nothing = 0;
    const bool good =
        context && EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key.bytes()), bytes_of(nonce)) == 1 &&
        EVP_DecryptUpdate(context.get(), nullptr, &length, bytes_of(associated), static_cast<int>(associated.size())) == 1 &&
        (text.empty() || EVP_DecryptUpdate(context.get(), bytes_of(out), &length, bytes_of(text), static_cast<int>(text.size())) == 1) &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, k_tag_bytes, bytes_of(tag)) == 1 &&
        EVP_DecryptFinal_ex(context.get(), &nothing, &length) == 1;
    if (!good) return std::nullopt;
    return out;
}

// --- the master key ---

base::Result<MasterKeys> MasterKeys::parse(const base::Secret& text) {
    MasterKeys all;
    std::string_view rest = text.reveal();
    const bool ends_well = !rest.empty() && rest.back() != ',';
    while (ends_well && !rest.empty()) {
        const auto end = std::min(rest.find(','), rest.size());
        auto bytes = hex_decode(rest.substr(0, end));
        if (!bytes || bytes->size() != k_key_bytes || all.keys_.size() == k_keys_max) break;
        all.keys_.push_back({base::sha256_hex("holdfast master key" + *bytes).substr(0, k_id_digits), Key(*bytes)});
        OPENSSL_cleanse(bytes->data(), bytes->size());
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (all.keys_.empty() || !rest.empty()) {
        return base::make_error(base::Condition::reject, "master_key",
                                "64 hexadecimal digits are wanted, then older keys, at most 8 in all, with commas between them");
    }
    return all;
}

std::string MasterKeys::public_half() const {
    const CurveKey key = private_curve_key(keys_.front().key.derived("holdfast x25519"));
    return keys_.front().id + ":" + base::hex_encode(public_bytes(key.get()));
}

std::string MasterKeys::seal(std::string_view associated, const Key& key) const {
    const auto& newest = keys_.front();
    return std::string(k_under_master) + newest.id + ":" +
           base::base64_encode(seal_bytes(newest.key.derived("holdfast key of keys"), associated, key.bytes()));
}

std::optional<Key> MasterKeys::open(std::string_view associated, std::string_view sealed) const {
    const bool to_public = starts_with(sealed, k_to_public);
    if (!to_public && !starts_with(sealed, k_under_master)) return std::nullopt;
    sealed.remove_prefix(k_under_master.size());
    if (sealed.size() <= k_id_digits || sealed[k_id_digits] != ':') return std::nullopt;
    const auto id = sealed.substr(0, k_id_digits);
    const auto bytes = base::base64_decode(sealed.substr(k_id_digits + 1));
    const auto one = std::find_if(keys_.begin(), keys_.end(), [&](const One& each) { return each.id == id; });
    if (!bytes || one == keys_.end()) return std::nullopt;
    std::optional<std::string> opened;
    if (!to_public) {
        opened = open_bytes(one->key.derived("holdfast key of keys"), associated, *bytes);
    } else if (bytes->size() > k_key_bytes) {
        const CurveKey mine = private_curve_key(one->key.derived("holdfast x25519"));
        const auto ephemeral = std::string_view(*bytes).substr(0, k_key_bytes);
        const auto key = agreed(mine.get(), ephemeral, ephemeral, public_bytes(mine.get()));
        if (key) opened = open_bytes(*key, associated, std::string_view(*bytes).substr(k_key_bytes));
    }
    if (!opened || opened->size() != k_key_bytes) return std::nullopt;
    const Key key(*opened);
    OPENSSL_cleanse(opened->data(), opened->size());
    return key;
}

std::optional<std::string> seal_to_public(std::string_view public_half, std::string_view associated, const Key& key) {
    const auto half = parse_public_half(public_half);
    if (!half) return std::nullopt;
    const CurveKey mine = private_curve_key(Key::random());
    const auto ephemeral = public_bytes(mine.get());
    const auto shared = agreed(mine.get(), half->second, ephemeral, half->second);
    if (!shared || ephemeral.empty()) return std::nullopt;
    return std::string(k_to_public) + half->first + ":" + base::base64_encode(ephemeral + seal_bytes(*shared, associated, key.bytes()));
}

// --- the vault ---

const char* to_string(Vault::State state) {
    switch (state) {
        case Vault::State::off: return "off";
        case Vault::State::on: return "on";
        case Vault::State::missing: return "key_missing";
    }
    return "off";
}

Vault::Vault(std::optional<MasterKeys> keys, bool unreadable)
    : keys_(std::move(keys)), unreadable_(unreadable), public_half_(keys_ ? keys_->public_half() : "") {}

Vault::State Vault::state() const {
    if (keys_) return State::on;
    const std::lock_guard<std::mutex> lock(mutex_);
    return unreadable_ || !public_half_.empty() ? State::missing : State::off;
}

void Vault::look_up_with(std::function<std::optional<std::string>(const std::string&)> look_up) { look_up_ = std::move(look_up); }

void Vault::learn_public_half(std::string_view public_half) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (public_half_.empty() && parse_public_half(public_half)) public_half_ = public_half;
}

std::string Vault::public_half() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return public_half_;
}

std::vector<Key> Vault::cached(const std::string& sid) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = calls_.find(sid);
    if (found == calls_.end()) return {};
    order_.splice(order_.begin(), order_, found->second.place);
    return found->second.keys;
}

void Vault::remember(const std::string& sid, std::vector<Key> keys) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = calls_.find(sid);
    if (found != calls_.end()) {
        found->second.keys = std::move(keys);
        return;
    }
    order_.push_front(sid);
    calls_.emplace(sid, Entry{std::move(keys), order_.begin()});
    if (calls_.size() <= k_calls_max) return;
    calls_.erase(order_.back());
    order_.pop_back();
}

void Vault::forget(const std::string& sid) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = calls_.find(sid);
    if (found == calls_.end()) return;
    order_.erase(found->second.place);
    calls_.erase(found);
}

std::vector<Key> Vault::keys_of(const std::string& sid) {
    auto keys = cached(sid);
    if (!keys.empty() || !look_up_ || state() == State::off) return keys;
    const auto sealed = look_up_(sid);
    if (!sealed) return {};
    each_word(*sealed, [&](std::string_view word) {
        if (const auto key = open_key(of_call(sid), word)) keys.push_back(*key);
    });
    if (!keys.empty()) remember(sid, keys);
    return keys;
}

std::string Vault::make(const std::string& sid, std::string_view sealed) {
    auto keys = cached(sid);
    if (keys.empty()) keys.push_back(Key::random());
    std::string stored(sealed);
    if (!stored.empty()) stored += ' ';
    stored += seal_key(of_call(sid), keys.front());
    remember(sid, std::move(keys));
    return stored;
}

bool Vault::holds(const std::string& sid, std::string_view sealed, std::string_view word) const {
    const auto key = open_key(of_call(sid), word);
    bool held = false;
    each_word(sealed, [&](std::string_view each) {
        if (held) return;
        held = nearly_same(each, word);
        if (held || !key) return;
        const auto other = open_key(of_call(sid), each);
        held = other && other->bytes() == key->bytes();
    });
    return held;
}

std::optional<std::string> Vault::with_more(const std::string& sid, std::string_view sealed, std::string_view more) const {
    std::string all(sealed);
    each_word(more, [&](std::string_view word) {
        if (words_in(all) < k_sealed_keys_max && !holds(sid, all, word)) all += (all.empty() ? "" : " ") + std::string(word);
    });
    if (all == sealed) return std::nullopt;
    return all;
}

Vault::Anew Vault::sealed_anew(const std::string& sid, std::string_view sealed) const {
    Anew anew;
    each_word(sealed, [&](std::string_view word) {
        const auto key = open_key(of_call(sid), word);
        const bool old = keys_ && word.substr(k_under_master.size(), k_id_digits) != keys_->id();
        anew.whole = anew.whole && key;
        const bool again = key && (old || starts_with(word, k_to_public));
        anew.sealed += (anew.sealed.empty() ? "" : " ") + (again ? seal_key(of_call(sid), *key) : std::string(word));
    });
    return anew;
}

std::string Vault::seal_key(std::string_view associated, const Key& key) const {
    if (keys_) return keys_->seal(associated, key);
    return seal_to_public(public_half(), associated, key).value_or("");
}

std::optional<Key> Vault::open_key(std::string_view associated, std::string_view sealed) const {
    return keys_ ? keys_->open(associated, sealed) : std::nullopt;
}

// Letter by letter against what one looks like: "m1:ID:" or "p1:ID:", then base64 of a length that is always the same.
std::size_t sealed_key_length(std::string_view text) {
    constexpr std::size_t k_right_in_one_wrong = 10;
    constexpr std::size_t k_wrong_in_head_max = 2;
    constexpr std::size_t k_head = 3 + k_id_digits + 1;
    constexpr std::size_t k_sealed = k_nonce_bytes + k_key_bytes + k_tag_bytes;
    struct Kind {
        std::string_view mark;
        std::size_t bytes;
    };
    static_assert(k_head + (k_key_bytes + k_sealed + 2) / 3 * 4 == k_sealed_key_bytes_max);
    std::size_t best = 0;
    std::size_t least_wrong = text.size() + 1;
    for (const Kind kind : {Kind{k_under_master, k_sealed}, Kind{k_to_public, k_key_bytes + k_sealed}}) {
        const std::size_t length = k_head + (kind.bytes + 2) / 3 * 4;
        if (text.size() < length) continue;
        std::size_t wrong = 0;
        bool like_one = true;
        for (std::size_t i = 0; i < length && like_one; ++i) {
            const char c = text[i];
            const bool digit = c >= '0' && c <= '9';
            const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            bool right = digit || letter || c == '+' || c == '/' || c == '=';
            if (i < kind.mark.size()) right = c == kind.mark[i];
            if (i >= kind.mark.size() && i < k_head) right = i + 1 == k_head ? c == ':' : digit || (c >= 'a' && c <= 'f');
            wrong += right ? 0 : 1;
            like_one = wrong <= (i < k_head ? k_wrong_in_head_max : length / k_right_in_one_wrong);
        }
        if (!like_one || wrong >= least_wrong) continue;
        best = length;
        least_wrong = wrong;
    }
    return best;
}

// --- texts ---

bool is_sealed(std::string_view stored) { return starts_with(stored, k_sealed_text); }

std::string stored_plain(std::string_view text) {
    const bool like_a_mark = starts_with(text, k_sealed_text) || starts_with(text, k_plain_text);
    return like_a_mark ? std::string(k_plain_text) + std::string(text) : std::string(text);
}

std::string stored_sealed(const Key& key, std::string_view associated, std::string_view text) {
    if (text.empty()) return {};
    return std::string(k_sealed_text) + base::base64_encode(seal_bytes(key, associated, text));
}

std::optional<std::string> revealed(std::string_view stored, const std::vector<Key>& keys, std::string_view associated) {
    if (starts_with(stored, k_plain_text)) return std::string(stored.substr(k_plain_text.size()));
    if (!is_sealed(stored)) return std::string(stored);
    const auto bytes = base::base64_decode(stored.substr(k_sealed_text.size()));
    if (!bytes) return std::nullopt;
    for (const auto& key : keys) {
        if (auto text = open_bytes(key, associated, *bytes)) return text;
    }
    return std::nullopt;
}

std::string sealed_for(std::string_view sid, std::string_view column, std::int64_t row) {
    return std::string(sid) + " " + std::string(column) + " " + std::to_string(row);
}

}  // namespace holdfast::store
