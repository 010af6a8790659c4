//! A small source of random test data: the same seed makes the same data.
#![allow(dead_code)]

use std::collections::BTreeSet;

use kogumo_dynamo::{Item, Number, Value};

/// xorshift64*
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 11) as usize % bound.max(1)
    }

    pub fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    pub fn text(&mut self) -> String {
        let letters = ["a", "b", "\0", "あ", "\"", "\\", "\u{1}", "z", "😀", "/"];
        (0..self.below(6)).map(|_| self.pick(&letters)).collect()
    }

    pub fn bytes(&mut self) -> Vec<u8> {
        (0..self.below(6)).map(|_| self.pick(&[&0u8, &1, &2, &255, &128]).to_owned()).collect()
    }

    /// A number in DynamoDB's range, written in one of many ways.
    pub fn number_text(&mut self) -> String {
        let longest = if self.below(3) == 0 { 38 } else { 6 };
        let digits = 1 + self.below(longest);
        let mut text = String::from(if self.below(2) == 0 { "" } else { "-" });
        let point = self.below(digits);
        for at in 0..digits {
            if at == point && at > 0 {
                text.push('.');
            }
            text.push(char::from(b'0' + self.below(10) as u8));
        }
        match self.below(3) {
            0 => format!("{text}e{}", self.below(170) as i32 - 90),
            1 => format!("{text}E+{}", self.below(20)),
            _ => text,
        }
    }

    pub fn number(&mut self) -> Number {
        loop {
            if let Ok(number) = Number::parse(&self.number_text()) {
                return number;
            }
        }
    }

    pub fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 8 } else { 10 }) {
            0 => Value::S(self.text()),
            1 => Value::N(self.number()),
            2 => Value::B(self.bytes()),
            3 => Value::Bool(self.below(2) == 0),
            4 => Value::Null,
            5 => Value::Ss(BTreeSet::from([self.text(), self.text()])),
            6 => Value::Ns(BTreeSet::from([self.number(), self.number()])),
            7 => Value::Bs(BTreeSet::from([self.bytes(), self.bytes()])),
            8 => Value::L((0..self.below(4)).map(|_| self.value(depth - 1)).collect()),
            _ => Value::M(self.item(depth - 1)),
        }
    }

    pub fn item(&mut self, depth: usize) -> Item {
        (0..self.below(5)).map(|_| (self.pick(&["a", "b", "c", "d", "あ"]).to_owned(), self.value(depth))).collect()
    }
}
