/* Check digits: whether a number is one that its issuer could have given out (`masking/check_digits.py`, which this is
   tested against). Values are of ASCII. */
#include "matcher.h"

#include <string.h>

/* A vehicle's number with its check digit (49 CFR 565.15). */
int check_vin(const char *value, const char *end) {
    static const char letters[] = "ABCDEFGHJKLMNPRSTUVWXYZ", numbers[] = "12345678123457923456789";
    static const int weights[] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    int total = 0;
    if (end - value != 17) return NO;
    for (int i = 0; i < 17; i++) {
        char c = is_letter(value[i]) ? (char)(value[i] & ~0x20) : value[i];
        const char *letter = is_letter(c) ? strchr(letters, c) : NULL;
        if (!letter && !is_digit(c)) return NO;
        total += weights[i] * ((letter ? numbers[letter - letters] : c) - '0');
    }
    return told("0123456789X"[total % 11] == (value[8] & (is_digit(value[8]) ? 0xff : ~0x20)));
}

/* The registration of a practitioner with its check digit (21 CFR 1301.13): two letters, seven digits. */
int check_dea(const char *value, const char *end) {
    char plain[9];
    int count = 0, total = 0;
    for (; value < end; value++) {
        if (!is_letter(*value) && !is_digit(*value)) continue;
        if (count == sizeof plain) return NO;
        plain[count++] = is_letter(*value) ? (char)(*value & ~0x20) : *value;
    }
    if (count != sizeof plain || !strchr("ABFGMPR", plain[0]) || !(is_letter(plain[1]) || plain[1] == '9')) return NO;
    for (int i = 2; i < 9; i++) {
        if (!is_digit(plain[i])) return NO;
        if (i < 8) total += (plain[i] - '0') * (i % 2 ? 2 : 1);
    }
    return told(total % 10 == plain[8] - '0');
}

/* The digits of a value, of which the first `most` are written; returns how many there are. */
int32_t digits_in(const char *value, const char *end, char *digits, int32_t most) {
    int32_t count = 0;
    for (; value < end; value++)
        if (is_digit(*value) && count++ < most) digits[count - 1] = *value;
    return count;
}

/* A payment card: 13 to 19 digits of a network that issues cards, not all alike, with the check digit of Luhn's (ISO/IEC
   7812-1, annex B). */
int check_card(const char *value, const char *end) {
    char digits[19];
    int32_t count = digits_in(value, end, digits, 19);
    int total = 0, differ = 0;
    if (count < 13 || count > 19 || digits[0] < '2' || digits[0] > '6') return NO;
    for (int32_t i = 0; i < count; i++) {
        int digit = digits[count - 1 - i] - '0';
        total += i % 2 ? 2 * digit - (digit > 4 ? 9 : 0) : digit;
        differ |= digits[i] != digits[0];
    }
    return told(differ && total % 10 == 0);
}

/* An account number with its check digits (ISO 7064, mod 97-10): of letters and digits alone 15 to 34. */
int check_iban(const char *value, const char *end) {
    char plain[34];
    int32_t count = 0;
    uint32_t rest = 0;
    for (; value < end; value++) {
        if (!is_letter(*value) && !is_digit(*value)) continue;
        if (count == sizeof plain) return NO;
        plain[count++] = is_letter(*value) ? (char)(*value & ~0x20) : *value;
    }
    if (count < 15 || is_digit(plain[0]) || is_digit(plain[1]) || !is_digit(plain[2]) || !is_digit(plain[3])) return NO;
    for (int32_t i = 0; i < count; i++) {
        char c = plain[(i + 4) % count];
        rest = is_digit(c) ? (10 * rest + (uint32_t)(c - '0')) % 97 : (100 * rest + (uint32_t)(c - 'A' + 10)) % 97;
    }
    return told(rest == 1);
}
