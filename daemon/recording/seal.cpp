#include "recording/seal.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>

namespace holdfast::recording {
namespace {

constexpr std::string_view k_magic = "HFSEALED";
constexpr std::uint32_t k_version = 1;
constexpr std::size_t k_id_bytes = 16;
constexpr std::size_t k_nonce_bytes = 12;
constexpr std::size_t k_tag_bytes = 16;
constexpr std::size_t k_mark_bytes = 4;
constexpr char k_last = 1;
constexpr std::string_view k_info = "holdfast recording";
static_assert(k_seal_block_bytes == k_nonce_bytes + k_mark_bytes + k_seal_plain_bytes + k_tag_bytes);

constexpr std::size_t k_note_at = 8 + 4 + 4 + k_id_bytes + 4;
constexpr std::size_t k_head_nonce_at = k_note_at + k_seal_note_bytes_max;
constexpr std::size_t k_head_tag_at = k_head_nonce_at + k_nonce_bytes;
static_assert(k_head_tag_at + k_tag_bytes == k_seal_head_bytes);

const unsigned char* raw(const char* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }
unsigned char* raw(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

template <class Number>
std::string little_endian(Number number) {
    std::string out;
    for (std::size_t i = 0; i < sizeof number; ++i) out.push_back(static_cast<char>(number >> (8 * i) & 0xff));
    return out;
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t i = 4; i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
    return number;
}

std::string front_of_head(const std::string& file_id) {
    constexpr auto k_plain_bytes = static_cast<std::uint32_t>(k_seal_plain_bytes);
    return std::string(k_magic) + little_endian(k_version) + little_endian(k_plain_bytes) + file_id;
}

// RFC 5869 without a salt: the key is random already.
bool derive(std::string_view key, std::string_view file_id, unsigned char* out) {
    const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr), EVP_KDF_free);
    const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr,
                                                                            EVP_KDF_CTX_free);
    if (!context) return false;
    char digest[] = "SHA256";
    std::string info = std::string(k_info) + std::string(file_id);
    // The library takes what it only reads without const.
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<char*>(key.data()), key.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()), OSSL_PARAM_construct_end()};
    return EVP_KDF_derive(context.get(), out, k_key_bytes, params) == 1;
}

// Each of the two with a context that has its key already.
bool encrypt(EVP_CIPHER_CTX* context, const char* nonce, std::string_view associated, std::string_view mark, const char* plain,
             std::size_t bytes, char* out, char* tag) {
    int length = 0;
    return EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, raw(nonce)) == 1 &&
           EVP_EncryptUpdate(context, nullptr, &length, raw(associated.data()), static_cast<int>(associated.size())) == 1 &&
           (mark.empty() || EVP_EncryptUpdate(context, raw(out), &length, raw(mark.data()), static_cast<int>(mark.size())) == 1) &&
           (bytes == 0 || EVP_EncryptUpdate(context, raw(out + mark.size()), &length, raw(plain), static_cast<int>(bytes)) == 1) &&
           EVP_EncryptFinal_ex(context, raw(tag), &length) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, static_cast<int>(k_tag_bytes), tag) == 1;
}

bool decrypt(EVP_CIPHER_CTX* context, const char* nonce, std::string_view associated, const char* sealed, char* mark,
             std::size_t mark_bytes, char* plain, std::size_t bytes, const char* tag) {
    int length = 0;
    std::array<char, k_tag_bytes> expected{};
    std::copy_n(tag, k_tag_bytes, expected.begin());
    unsigned char nothing = 0;
    return EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, raw(nonce)) == 1 &&
           EVP_DecryptUpdate(context, nullptr, &length, raw(associated.data()), static_cast<int>(associated.size())) == 1 &&
           (mark_bytes == 0 || EVP_DecryptUpdate(context, raw(mark), &length, raw(sealed), static_cast<int>(mark_bytes)) == 1) &&
           (bytes == 0 ||
            EVP_DecryptUpdate(context, raw(plain), &length, raw(sealed + mark_bytes), static_cast<int>(bytes)) == 1) &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, static_cast<int>(k_tag_bytes), expected.data()) == 1 &&
           EVP_DecryptFinal_ex(context, &nothing, &length) == 1;
}

}  // namespace

std::optional<SealHead> read_seal_head(std::string_view bytes) {
    if (bytes.size() < k_seal_head_bytes) return std::nullopt;
    SealHead head;
    head.file_id = bytes.substr(k_note_at - 4 - k_id_bytes, k_id_bytes);
    const std::string front = front_of_head(head.file_id);
    const auto note_bytes = number_at(bytes, k_note_at - 4);
    if (bytes.substr(0, front.size()) != front || note_bytes > k_seal_note_bytes_max) return std::nullopt;
    head.note = bytes.substr(k_note_at, note_bytes);
    return head;
}

void Seal::Free::operator()(evp_cipher_ctx_st* context) const { EVP_CIPHER_CTX_free(context); }
Seal::~Seal() = default;

bool Seal::use(const base::Secret& key) {
    if (key.reveal().size() != k_key_bytes) return false;
    std::array<unsigned char, k_key_bytes> own{};
    to_seal_.reset(EVP_CIPHER_CTX_new());
    to_open_.reset(EVP_CIPHER_CTX_new());
    const bool good = to_seal_ && to_open_ && derive(key.reveal(), file_id_, own.data()) &&
                      EVP_EncryptInit_ex(to_seal_.get(), EVP_aes_256_gcm(), nullptr, own.data(), nullptr) == 1 &&
                      EVP_DecryptInit_ex(to_open_.get(), EVP_aes_256_gcm(), nullptr, own.data(), nullptr) == 1;
    OPENSSL_cleanse(own.data(), own.size());
    return good;
}

std::unique_ptr<Seal> Seal::create(const base::Secret& key, std::string_view note) {
    std::string random(k_id_bytes + k_nonce_bytes, '\0');
    if (note.size() > k_seal_note_bytes_max || RAND_bytes(raw(random.data()), static_cast<int>(random.size())) != 1) return nullptr;
    std::unique_ptr<Seal> seal(new Seal(random.substr(0, k_id_bytes)));
    if (!seal->use(key)) return nullptr;
    std::string head = front_of_head(seal->file_id_) + little_endian(static_cast<std::uint32_t>(note.size())) + std::string(note);
    head.resize(k_head_nonce_at);
    std::array<char, k_tag_bytes> tag{};
    if (!encrypt(seal->to_seal_.get(), random.data() + k_id_bytes, head, {}, nullptr, 0, nullptr, tag.data())) return nullptr;
    seal->head_ = head + random.substr(k_id_bytes) + std::string(tag.data(), tag.size());
    return seal;
}

bool Seal::head_is_ours(std::string_view head) {
    return decrypt(to_open_.get(), head.data() + k_head_nonce_at, head.substr(0, k_head_nonce_at), nullptr, nullptr, 0, nullptr, 0,
                   head.data() + k_head_tag_at);
}

base::Result<std::unique_ptr<Seal>> Seal::open(const FileKey& key, std::string_view head) {
    const auto parts = read_seal_head(head);
    if (!parts) return base::make_error(base::Condition::reject, "damaged", "head");
    if (key.kind != FileKey::Kind::key) return base::make_error(base::Condition::retry, "key", "not available");
    head = head.substr(0, k_seal_head_bytes);
    const auto opened_by = [&](const base::Secret& one) {
        std::unique_ptr<Seal> seal(new Seal(parts->file_id));
        if (!seal->use(one) || !seal->head_is_ours(head)) seal.reset();
        return seal;
    };
    auto seal = opened_by(key.key);
    for (auto other = key.others.begin(); !seal && other != key.others.end(); ++other) seal = opened_by(*other);
    if (!seal) return base::make_error(base::Condition::reject, "key", "not of this file, or its head was changed");
    seal->head_ = head;
    return seal;
}

std::string Seal::note() const { return read_seal_head(head_).value_or(SealHead{}).note; }

std::string Seal::associated(std::uint64_t number) const { return file_id_ + little_endian(number); }

bool Seal::seal(std::uint64_t number, Block block, const char* plain, char* sealed) {
    std::string mark = little_endian(static_cast<std::uint16_t>(block.used));
    mark += block.last ? k_last : '\0';
    mark += '\0';
    return RAND_bytes(raw(sealed), static_cast<int>(k_nonce_bytes)) == 1 &&
           encrypt(to_seal_.get(), sealed, associated(number), mark, plain, k_seal_plain_bytes, sealed + k_nonce_bytes,
                   sealed + k_seal_block_bytes - k_tag_bytes);
}

std::optional<Seal::Block> Seal::open_block(std::uint64_t number, const char* sealed, char* plain) {
    std::array<char, k_mark_bytes> mark{};
    if (!decrypt(to_open_.get(), sealed, associated(number), sealed + k_nonce_bytes, mark.data(), mark.size(), plain,
                 k_seal_plain_bytes, sealed + k_seal_block_bytes - k_tag_bytes)) {
        return std::nullopt;
    }
    Block block;
    block.used = static_cast<std::size_t>(static_cast<unsigned char>(mark[0]) | static_cast<unsigned char>(mark[1]) << 8);
    block.last = mark[2] == k_last;
    if (block.used > k_seal_plain_bytes) return std::nullopt;
    return block;
}

}  // namespace holdfast::recording
