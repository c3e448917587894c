#include "core/crypto/digest.h"
#include "core/crypto/key_derivation.h"
#include "core/crypto/tests/fault.h"
#include "core/crypto/tests/hex.h"

#define PAYLOAD_LENGTH 301

static struct tb_span text(const char *s)
{
    return tb_span(s, strlen(s));
}

/* RFC 1320, RFC 1321, RFC 2202, and the RC4 test of RFC 6229 for a 128-bit key. */
START_TEST(digests)
{
    uint8_t out[16];
    uint8_t key[16], zeros[16] = {0};
    struct tb_span parts[] = {text("message"), text(""), text(" digest")};

    tb_md4(text("message digest"), out);
    tb_assert_hex(out, "d9130a8164549fe818874806e1c7014b");
    ck_assert_int_eq(tb_md5(parts, 3, out), TB_OK);
    tb_assert_hex(out, "f96b697d7cb7938d525a2f31aaf161d0");
    parts[0] = text("what do ya want ");
    parts[2] = text("for nothing?");
    ck_assert_int_eq(tb_hmac_md5(text("Jefe"), parts, 3, out), TB_OK);
    tb_assert_hex(out, "750c783e6ab0b503eaa86e310a5db738");
    tb_hex("0102030405060708090a0b0c0d0e0f10", key, sizeof key);
    ck_assert_int_eq(tb_rc4(key, zeros, out, sizeof out), TB_OK);
    tb_assert_hex(out, "9ac7cc9a609d1ef7b2932899cde41b97");
    ck_assert(tb_secret_equal(key, key, sizeof key));
    ck_assert(!tb_secret_equal(key, zeros, sizeof key));
    tb_wipe(key, sizeof key);
    ck_assert(tb_secret_equal(key, zeros, sizeof key));
}
END_TEST

/* Microsoft's published example of a 3.1.1 session set-up ("SMB 3.1.1 Pre-authentication integrity
 * in Windows 10"): the first and last of its messages, and the keys that come of it. */
#define SESSION_HASH                                                                               \
    "0DD13628CC3ED218EF9DF9772D436D0887AB9814BFAE63A80AA845F36909DB7928622DDDAD522D9751640A45"     \
    "9762C5A9D6BB084CBB3CE6BDADEF5D5BCE3C6C01"
START_TEST(preauthentication_hash)
{
    struct tb_preauth preauth = {{0}};
    struct tb_span message = tb_hex_new(
        "FE534D4240000100000000000000800000000000000000000100000000000000FFFE000000000000"
        "00000000000000000000000000000000000000000000000024000500000000003F000000ECD86F32"
        "6276024F9F7752B89BB33F3A70000000020000000202100200030203110300000100260000000000"
        "010020000100FA49E6578F1F3A9F4CD3E9CC14A67AA884B3D05844E0E5A118225C15887F32FF0000"
        "0200060000000000020002000100");
    struct tb_span parts[] = {tb_span_part(message, 0, 64, NULL),
                              tb_span_part(message, 64, message.length - 64, NULL)};

    ck_assert_int_eq(tb_preauth_update(&preauth, parts, 2), TB_OK);
    tb_assert_hex(preauth.hash,
                  "DD94EFC5321BB618A2E208BA8920D2F422992526947A409B5037DE1E0FE8C7362B8C47122594"
                  "CDE0CE26AA9DFC8BCDBDE0621957672623351A7540F1E54A0426");
    free((void *)message.data);
}
END_TEST

START_TEST(keys_of_3_1_1)
{
    struct tb_session_keys keys;
    struct tb_preauth preauth;
    uint8_t key[16], signing[16];

    tb_hex("270E1BA896585EEB7AF3472D3B4C75A7", key, sizeof key);
    tb_hex(SESSION_HASH, preauth.hash, sizeof preauth.hash);
    ck_assert_int_eq(tb_session_keys_derive(0x0311, TB_CIPHER_AES_128_GCM, tb_span(key, sizeof key),
                                            &preauth, &keys),
                     TB_OK);
    ck_assert_uint_eq(keys.cipher_key_length, 16);
    tb_assert_hex(keys.signing, "73FE7A9A77BEF0BDE49C650D8CCB5F76");
    tb_assert_hex(keys.server_in, "629BCBC54422A0F572B97F45989B6073");
    tb_assert_hex(keys.server_out, "E2AF0DCEFAC68DA71A0DFBD0D1350D74");
    tb_assert_hex(keys.application, "6D7AD7954E9EC61E907B4D473DC178FF");
    ck_assert_int_eq(tb_signing_key_derive(0x0311, tb_span(key, sizeof key), &preauth, signing),
                     TB_OK);
    ck_assert_mem_eq(signing, keys.signing, sizeof signing);
    tb_session_keys_wipe(&keys);
    ck_assert_uint_eq(keys.cipher_key_length, 0);
}
END_TEST

/* The same publication's 3.0 example. */
START_TEST(keys_of_3_0)
{
    struct tb_session_keys keys;
    uint8_t key[16];

    tb_hex("7CD451825D0450D235424E44BA6E78CC", key, sizeof key);
    ck_assert_int_eq(tb_session_keys_derive(0x0300, TB_CIPHER_AES_128_CCM, tb_span(key, sizeof key),
                                            NULL, &keys),
                     TB_OK);
    tb_assert_hex(keys.signing, "0B7E9C5CAC36C0F6EA9AB275298CEDCE");
    tb_assert_hex(keys.server_in, "FAD27796665B313EBB578F388632B4F7");
    tb_assert_hex(keys.server_out, "B0F0427F7CEB416D1D9DCC0CD4F99447");
    tb_assert_hex(keys.application, "BB23A4575AA26C721AF525AF15A87B4F");
    ck_assert_int_eq(
        tb_session_keys_derive(0x0302, TB_CIPHER_NONE, tb_span(key, sizeof key), NULL, &keys),
        TB_OK);
    ck_assert_uint_eq(keys.cipher_key_length, 0);
    tb_assert_hex(keys.signing, "0B7E9C5CAC36C0F6EA9AB275298CEDCE");
}
END_TEST

/* SMB 2: the key itself, cut or padded. */
START_TEST(keys_of_2)
{
    struct tb_session_keys keys;
    uint8_t key[32], signing[16];

    tb_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", key, sizeof key);
    ck_assert_int_eq(tb_session_keys_derive(0x0210, TB_CIPHER_NONE, tb_span(key, 32), NULL, &keys),
                     TB_OK);
    tb_assert_hex(keys.signing, "000102030405060708090a0b0c0d0e0f");
    tb_assert_hex(keys.application, "000102030405060708090a0b0c0d0e0f");
    ck_assert_uint_eq(keys.cipher_key_length, 0);
    ck_assert_int_eq(tb_session_keys_derive(0x0202, TB_CIPHER_NONE, tb_span(key, 8), NULL, &keys),
                     TB_OK);
    tb_assert_hex(keys.signing, "00010203040506070000000000000000");
    ck_assert_int_eq(tb_signing_key_derive(0x0202, tb_span(key, 8), NULL, signing), TB_OK);
    tb_assert_hex(signing, "00010203040506070000000000000000");
}
END_TEST

/* 256-bit ciphers take the whole key; expected values computed with OpenSSL. */
START_TEST(keys_of_256_bits)
{
    struct tb_session_keys keys;
    struct tb_preauth preauth;
    uint8_t key[32];

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof preauth.hash; i++)
        preauth.hash[i] = (uint8_t)i;
    ck_assert_int_eq(
        tb_session_keys_derive(0x0311, TB_CIPHER_AES_256_CCM, tb_span(key, 32), &preauth, &keys),
        TB_OK);
    ck_assert_uint_eq(keys.cipher_key_length, 32);
    tb_assert_hex(keys.server_in,
                  "e568de865ae188f20138931c5423898fc0d5e94fa094b72d474fc56cf5703db6");
    tb_assert_hex(keys.server_out,
                  "53f8b2fb513a90f5231f5ac12ba0a24b9eed8f6e80596136560f1b0003e8d2ae");
    tb_assert_hex(keys.signing, "f7e5401ecc6e79ef9eab401b05004e4f");
}
END_TEST

START_TEST(signature_of_microsofts_example)
{
    struct tb_signer *signer;
    uint8_t key[16];
    struct tb_span message = tb_hex_new(
        "FE534D4240000100000000000100800009000000000000000300000000000000FFFE000000000000"
        "1900000000100000EBE146DA120BA25FC3376A49DFE31BC10900000048001D00A11B3019A0030A01"
        "00A3120410010000003B453CDC3524164200000000");
    struct tb_span rest = tb_span_part(message, 64, message.length - 64, NULL);

    tb_hex("73FE7A9A77BEF0BDE49C650D8CCB5F76", key, sizeof key);
    ck_assert_int_eq(tb_signer_create(tb_signing_algorithm_default(0x0311), key, &signer), TB_OK);
    ck_assert_int_eq(tb_signer_verify(signer, message.data, &rest, 1), TB_OK);
    tb_signer_destroy(signer);
    free((void *)message.data);
}
END_TEST

struct signature_row {
    enum tb_signing_algorithm algorithm;
    const char *request, *response, *cancel;
};

/* Computed with OpenSSL over the messages of header_of() and fill(). */
static const struct signature_row signature_rows[] = {
    {TB_SIGNING_HMAC_SHA256, "8a44907538532118c6323a38ba250dbc", "1675dcf68d2368a27232c6bcb163fdb3",
     "5270716aa2b5271251137084980d3e4b"},
    {TB_SIGNING_AES_CMAC, "71da64d652570ff76b7c263298e09c61", "9260dd9fd212d1422ec2cc7c727a65ee",
     "8a3b0eceb333a3ebed39f2ab8445a339"},
    {TB_SIGNING_AES_GMAC, "e3b3521d6f04a5a9c21e7e24cab3322a", "0976eb290168e15912101e27fdc90714",
     "d4f62aace3e1b3974979972934efce3e"},
};

static void fill(uint8_t *payload)
{
    for (size_t i = 0; i < PAYLOAD_LENGTH; i++)
        payload[i] = (uint8_t)(i * 7 + 3);
}

static void header_of(uint8_t header[64], uint16_t command, uint32_t flags, uint64_t message_id)
{
    struct tb_writer w = tb_writer(header, 64);

    tb_write_u32(&w, 0x424D53FE);
    tb_write_u16(&w, 64);
    tb_write_u16(&w, 1);
    tb_write_u32(&w, 0);
    tb_write_u16(&w, command);
    tb_write_u16(&w, 1);
    tb_write_u32(&w, flags);
    tb_write_u32(&w, 0);
    tb_write_u64(&w, message_id);
    tb_write_u32(&w, 0xFEFF);
    tb_write_u32(&w, 5);
    tb_write_u64(&w, 0x1122334455667788);
    memset(tb_write_reserve(&w, 16), 0xEE, 16);
}

/* Cut the payload into `count` segments, some of them empty. */
static void cut(const uint8_t *payload, struct tb_span *segments, size_t count)
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        size_t length = i + 1 == count ? PAYLOAD_LENGTH - at : i * 5 % 23;
        segments[i] = tb_span(payload + at, length);
        at += length;
    }
}

static void check_signature(struct tb_signer *signer, uint8_t header[64], const char *expected)
{
    uint8_t payload[PAYLOAD_LENGTH];
    struct tb_span segments[24];

    fill(payload);
    for (size_t count = 1; count <= 24; count++) {
        cut(payload, segments, count);
        ck_assert_int_eq(tb_signer_sign(signer, header, segments, count), TB_OK);
        tb_assert_hex(header + 48, expected);
        ck_assert_int_eq(tb_signer_verify(signer, header, segments, count), TB_OK);
        payload[count * 7]++;
        ck_assert_int_eq(tb_signer_verify(signer, header, segments, count), TB_ACCESS_DENIED);
        payload[count * 7]--;
        header[count]++;
        ck_assert_int_eq(tb_signer_verify(signer, header, segments, count), TB_ACCESS_DENIED);
        header[count]--;
        header[48 + count % 16] ^= 0x40;
        ck_assert_int_eq(tb_signer_verify(signer, header, segments, count), TB_ACCESS_DENIED);
    }
}

START_TEST(signatures)
{
    const struct signature_row *row = &signature_rows[_i];
    struct tb_signer *signer;
    uint8_t header[64], key[16];

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(i + 1);
    ck_assert_int_eq(tb_signer_create(row->algorithm, key, &signer), TB_OK);
    header_of(header, 9, 8, 0x0102030405060708);
    check_signature(signer, header, row->request);
    header_of(header, 9, 9, 0x0102030405060708);
    check_signature(signer, header, row->response);
    header_of(header, 12, 8, 6);
    check_signature(signer, header, row->cancel);
    tb_signer_destroy(signer);
}
END_TEST

START_TEST(wrong_parameters)
{
    static const uint8_t key[32];
    struct tb_signer *signer;
    struct tb_sealer *sealer;

    ck_assert_int_eq(tb_signer_create((enum tb_signing_algorithm)3, key, &signer),
                     TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_sealer_create(TB_CIPHER_NONE, tb_span(key, 0), &sealer),
                     TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_sealer_create((enum tb_cipher)5, tb_span(key, 16), &sealer),
                     TB_INVALID_PARAMETER);
    ck_assert_int_eq(tb_sealer_create(TB_CIPHER_AES_256_GCM, tb_span(key, 16), &sealer),
                     TB_INVALID_PARAMETER);
    ck_assert_ptr_null(sealer);
    tb_sealer_destroy(NULL);
    tb_signer_destroy(NULL);
}
END_TEST

struct sealed_row {
    enum tb_cipher cipher;
    const char *key, *transform, *sealed, *plain;
};

/* Microsoft's published examples ("Encryption in SMB 3.0: A protocol perspective" and "SMB 3.1.1
 * Encryption in Windows 10"): a WRITE request and its response each. */
static const struct sealed_row sealed_rows[] = {
    {TB_CIPHER_AES_128_CCM, "261B72350558F2E9DCF613070383EDBF",
     "FD534D4281A286535415445DAE393921E44FA42E66E69A111892584FB5ED524A"
     "744DA3EE87000000000001001100001400E40800",
     "25C8FEE16605A437832D1CD52DA9F4645333482A175FE5384563F45FCDAFAEF3"
     "8BC62BA4D5C62897996625A44C29BE5658DE2E6117585779E7B59FFD971278D0"
     "8580D7FA899E410E910EABF5AA1DB43050B33B49182637759AC15D84BFCDF5B6"
     "B238993C0F4CF4D6012023F6C627297075D84B7803912D0A9639634453595EF3"
     "E33FFE4E7AC2AB",
     "FE534D4240000100000000000900400008000000000000000400000000000000"
     "FFFE0000010000001100001400E4080000000000000000000000000000000000"
     "3100700017000000000000000000000015010000390000020100000039020000"
     "00000000000000007000000000000000536D623320656E6372797074696F6E20"
     "74657374696E67"},
    {TB_CIPHER_AES_128_CCM, "8FE2B57EC34D2DB5B1A9727F526BBDB5",
     "FD534D42A6015530A18F6D9AFFE22AFAE8E66484860000000000000011000014"
     "00E4080050000000000001001100001400E40800",
     "DBF46435C5F14169293CE079E344479BF670227E49873F458672C3098DAC467D"
     "D5809F369D674091665157871483E01F7BECD02064EAC3E235F913668BBC2F09"
     "7980D4B378F1993EFF6E60D177309E5B",
     "FE534D4240000100000000000900210009000000000000000400000000000000"
     "FFFE0000010000001100001400E4080000000000000000000000000000000000"
     "11000000170000000000000000000000"},
    {TB_CIPHER_AES_128_GCM, "A2F5E80E5D59103034F32E52F698E5EC",
     "FD534D42BD73D97D2BC9001BCAFAC0FDFF5FEEBCC7D6822D269CAF48904C664C"
     "0000000087000000000001002500000000100000",
     "6ECDD2A7AFC7B47763057A041B8FD4DAFFE990B70C9E09D36C084E02D14EF247"
     "F8BDE38ACF6256F8B1D3B56F77FBDEB312FEA5E92CBCC1ED8FB2EBBFAA75E49A"
     "4A394BB44576545567C24D4C014D47C9FBDFDAFD2C4F9B72F8D256452620A299"
     "F48E29E53D6B61D1C13A19E91AF013F00D17E3ABC2FC3D36C8C1B6B939732538"
     "52DBD442E46EE8",
     "FE534D4240000100000000000900010008000000000000000500000000000000"
     "FFFE000001000000250000000010000000000000000000000000000000000000"
     "3100700017000000000000000000000006000000040000000100000004000000"
     "00000000000000007000000000000000536D623320656E6372797074696F6E20"
     "74657374696E67"},
    {TB_CIPHER_AES_128_GCM, "748C50868C90F302962A5C35F5F9A8BF",
     "FD534D42ACBE1CB7ED343ADF1725EF144D90D4B0E06831DD2E8EB7B400000000"
     "0000000050000000000001002500000000100000",
     "26BBBF949983A6C1C796559D0F2C510CB651D1F7B6AC8DED32A2A0B8F2D793A8"
     "15C6F6B848D69767A215841A42D400AE6DDB5F0B44173A014973321FDD7950DA"
     "6179159B82E03C9E18A050FF0EA1C967",
     "FE534D4240000100000000000900010001000000000000000500000000000000"
     "FFFE000001000000250000000010000000000000000000000000000000000000"
     "11000000170000000000000000000000"},
};

START_TEST(microsofts_sealed_messages)
{
    const struct sealed_row *row = &sealed_rows[_i];
    uint8_t key[16], transform[TB_TRANSFORM_HEADER_LENGTH];
    struct tb_span sealed = tb_hex_new(row->sealed);
    struct iovec segment = {(void *)sealed.data, sealed.length};
    struct tb_sealer *sealer;

    tb_hex(row->key, key, sizeof key);
    tb_hex(row->transform, transform, sizeof transform);
    ck_assert_int_eq(tb_sealer_create(row->cipher, tb_span(key, sizeof key), &sealer), TB_OK);
    ck_assert_int_eq(tb_sealer_decrypt(sealer, transform, &segment, 1), TB_OK);
    tb_assert_hex(sealed.data, row->plain);
    tb_sealer_destroy(sealer);
    free((void *)sealed.data);
}
END_TEST

struct cipher_row {
    enum tb_cipher cipher;
    const char *tag, *first;
};

/* Computed with OpenSSL. */
static const struct cipher_row cipher_rows[] = {
    {TB_CIPHER_AES_128_CCM, "8ca37a3b94a4e0ca0c3f60bacbc03c63", "6070f16839480994bfa2e04310eb2f0b"},
    {TB_CIPHER_AES_128_GCM, "8cbdffe2a3abd3173a7b8d64402e7fb1", "72624f4e9a012f1daf7c62e03c1dde01"},
    {TB_CIPHER_AES_256_CCM, "3712bcc1a84fd6c6ea5269ffe16de1bd", "905e092a054d31843e51a704a474eb28"},
    {TB_CIPHER_AES_256_GCM, "c818cbd7216b208993128972e95028e9", "55148d5c72475963375a69d6156df744"},
};

static struct tb_sealer *numbered_sealer(enum tb_cipher cipher)
{
    struct tb_sealer *sealer;
    uint8_t key[TB_CIPHER_KEY_MAX];

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(i + 1);
    ck_assert_int_eq(tb_sealer_create(cipher, tb_span(key, tb_cipher_key_length(cipher)), &sealer),
                     TB_OK);
    return sealer;
}

static void transform_of(uint8_t transform[TB_TRANSFORM_HEADER_LENGTH])
{
    struct tb_writer w = tb_writer(transform, TB_TRANSFORM_HEADER_LENGTH);

    tb_write_u32(&w, 0x424D53FD);
    memset(tb_write_reserve(&w, 32), 0xAB, 32);
    tb_write_u32(&w, PAYLOAD_LENGTH);
    tb_write_u16(&w, 0);
    tb_write_u16(&w, 1);
    tb_write_u64(&w, 0x1122334455667788);
}

static void cut_for_sealing(uint8_t *payload, struct iovec *segments, size_t count)
{
    struct tb_span spans[24];

    cut(payload, spans, count);
    for (size_t i = 0; i < count; i++)
        segments[i] = (struct iovec){(void *)spans[i].data, spans[i].length};
}

START_TEST(sealing_of_segments)
{
    const struct cipher_row *row = &cipher_rows[_i];
    struct tb_sealer *sealer = numbered_sealer(row->cipher);
    uint8_t transform[TB_TRANSFORM_HEADER_LENGTH], payload[PAYLOAD_LENGTH], plain[PAYLOAD_LENGTH];
    struct iovec segments[24], whole = {payload, sizeof payload};

    fill(plain);
    for (size_t count = 1; count <= 24; count++) {
        fill(payload);
        transform_of(transform);
        cut_for_sealing(payload, segments, count);
        ck_assert_int_eq(tb_sealer_encrypt(sealer, transform, 0x0807060504030201, segments, count),
                         TB_OK);
        tb_assert_hex(transform + 4, row->tag);
        tb_assert_hex(transform + 20, "01020304050607080000000000000000");
        tb_assert_hex(payload, row->first);
        ck_assert_int_eq(tb_sealer_decrypt(sealer, transform, &whole, 1), TB_OK);
        ck_assert_mem_eq(payload, plain, sizeof plain);
    }
    tb_sealer_destroy(sealer);
}
END_TEST

/* Every byte of the header after the protocol id, and of the contents, is protected; of the nonce
 * those that the cipher uses and, as associated data, the others. */
START_TEST(tampering_with_sealed_messages)
{
    struct tb_sealer *sealer = numbered_sealer(cipher_rows[_i].cipher);
    uint8_t message[TB_TRANSFORM_HEADER_LENGTH + PAYLOAD_LENGTH], copy[sizeof message];
    uint8_t *payload = message + TB_TRANSFORM_HEADER_LENGTH;
    struct iovec segment = {payload, PAYLOAD_LENGTH};

    fill(payload);
    transform_of(message);
    ck_assert_int_eq(tb_sealer_encrypt(sealer, message, 7, &segment, 1), TB_OK);
    segment.iov_base = copy + TB_TRANSFORM_HEADER_LENGTH;
    for (size_t at = 4; at < sizeof message; at++) {
        memcpy(copy, message, sizeof message);
        copy[at] ^= (uint8_t)(1 << at % 8);
        ck_assert_int_eq(tb_sealer_decrypt(sealer, copy, &segment, 1), TB_ACCESS_DENIED);
    }
    memcpy(copy, message, sizeof message);
    ck_assert_int_eq(tb_sealer_decrypt(sealer, copy, &segment, 1), TB_OK);
    tb_sealer_destroy(sealer);
}
END_TEST

static enum tb_error everything(void)
{
    static const uint8_t zeros[64];
    uint8_t header[64] = {0}, out[16], transform[TB_TRANSFORM_HEADER_LENGTH] = {0}, data[100] = {0};
    struct tb_span parts[20] = {{zeros, 64}};
    struct iovec segments[2] = {{data, 30}, {data + 30, 70}};
    struct tb_preauth preauth = {{0}};
    struct tb_session_keys keys;
    struct tb_signer *signers[3] = {NULL};
    struct tb_sealer *sealers[4] = {NULL};
    enum tb_error error = tb_preauth_update(&preauth, parts, 20);

    for (size_t i = 1; i < 20; i++)
        parts[i] = tb_span(zeros, i);
    for (unsigned i = 0; i < 3 && !error; i++) {
        error = tb_signer_create((enum tb_signing_algorithm)i, zeros, &signers[i]);
        if (!error)
            error = tb_signer_sign(signers[i], header, parts, 20);
        if (!error)
            error = tb_signer_verify(signers[i], header, parts, 20);
    }
    for (unsigned i = 0; i < 4 && !error; i++) {
        enum tb_cipher cipher = (enum tb_cipher)(i + 1);
        error = tb_sealer_create(cipher, tb_span(zeros, tb_cipher_key_length(cipher)), &sealers[i]);
        if (!error)
            error = tb_sealer_encrypt(sealers[i], transform, 1, segments, 2);
        if (!error)
            error = tb_sealer_decrypt(sealers[i], transform, segments, 2);
    }
    if (!error)
        error = tb_session_keys_derive(0x0311, TB_CIPHER_AES_256_CCM, parts[0], &preauth, &keys);
    if (!error)
        error = tb_hmac_md5(parts[0], parts, 2, out);
    if (!error)
        error = tb_md5(parts, 2, out);
    if (!error)
        error = tb_rc4(zeros, zeros, out, sizeof out);
    for (size_t i = 0; i < 3; i++)
        tb_signer_destroy(signers[i]);
    for (size_t i = 0; i < 4; i++)
        tb_sealer_destroy(sealers[i]);
    return error;
}

START_TEST(no_memory)
{
    ck_assert_int_gt(tb_fault_each(everything), 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crypto");
    TCase *tests = tcase_create("crypto");

    tcase_add_test(tests, digests);
    tcase_add_test(tests, preauthentication_hash);
    tcase_add_test(tests, keys_of_3_1_1);
    tcase_add_test(tests, keys_of_3_0);
    tcase_add_test(tests, keys_of_2);
    tcase_add_test(tests, keys_of_256_bits);
    tcase_add_test(tests, signature_of_microsofts_example);
    tcase_add_loop_test(tests, signatures, 0, 3);
    tcase_add_test(tests, wrong_parameters);
    tcase_add_loop_test(tests, microsofts_sealed_messages, 0, 4);
    tcase_add_loop_test(tests, sealing_of_segments, 0, 4);
    tcase_add_loop_test(tests, tampering_with_sealed_messages, 0, 4);
    tcase_add_test(tests, no_memory);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
