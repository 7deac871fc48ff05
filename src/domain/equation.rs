//! Numerical-value equations of capabilities (rule C-05): `Q[50, 0.5*L]` with L in millimetres.
//!
//! What lives here: reading an equation once into a postfix program, and evaluating it for given
//! numbers. What does not: units and the meaning of symbols (`capability` says them; whoever
//! evaluates converts first), quantity equations, assignment, anything that could loop.
//!
//! An equation is made of decimal numbers, symbols (letters, digits, `_`; a letter or `_` first),
//! `+ - * / ^` (`·` and `×` multiply too, `^` binds to the right and before a minus sign),
//! round brackets, `sqrt(x)`, `abs(x)` and `Q[a, b, …]`, the root of the sum of the squares.

use std::iter::Peekable;
use std::str::CharIndices;

use super::fault::shortened;
use super::text::Text;

/// An equation ready for evaluation.
///
/// ```
/// use etalon::domain::equation::Equation;
/// let equation = Equation::parse("Q[50, 0.5*L]", &["L"])?;
/// let nanometres = equation.evaluate(&[100.0])?;
/// assert!((nanometres - 70.710_678).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Equation {
    symbols: Vec<String>,
    program: Vec<Step>,
}

impl Equation {
    /// Longest text accepted, in bytes: ten times the longest equation of the KCDB.
    pub const LONGEST: usize = 2_000;

    /// Most brackets open at once: far more than people can read.
    pub const DEEPEST: usize = 64;

    /// Reads an equation over the declared symbols.
    ///
    /// # Errors
    /// When the text is no equation, is too long or too deeply nested, or uses a symbol that is
    /// not declared.
    pub fn parse(text: &str, symbols: &[&str]) -> Result<Self, EquationError> {
        let program = compile(text, |name| symbols.iter().position(|symbol| *symbol == name))?;
        let symbols = symbols.iter().map(|symbol| (*symbol).to_owned()).collect();
        Ok(Self { symbols, program })
    }

    /// The symbols in a text, each once, in the order in which they appear.
    ///
    /// # Errors
    /// When the text is no equation over any symbols.
    pub fn symbols_of(text: &str) -> Result<Vec<String>, EquationError> {
        let mut names = Vec::new();
        compile(text, |name| {
            names.iter().position(|known| known == name).or_else(|| {
                names.push(name.to_owned());
                Some(names.len() - 1)
            })
        })?;
        Ok(names)
    }

    /// The declared symbols that the equation uses, in their declared order.
    pub fn symbols_used(&self) -> impl Iterator<Item = &str> {
        self.symbols.iter().enumerate().filter_map(|(index, symbol)| {
            let used = Operation::Symbol(index);
            self.program.iter().any(|step| step.operation == used).then_some(symbol.as_str())
        })
    }

    /// The value of the equation for one number a declared symbol, in their declared order.
    ///
    /// # Errors
    /// When there are not as many values as symbols, or when any step has no finite value.
    pub fn evaluate(&self, values: &[f64]) -> Result<f64, EvaluationError> {
        if values.len() != self.symbols.len() {
            return Err(EvaluationError::WrongCount {
                expected: self.symbols.len(),
                found: values.len(),
            });
        }
        let mut stack = Stack(Vec::with_capacity(self.program.len()));
        for step in &self.program {
            let position = step.position;
            let value = match step.operation {
                Operation::Number(number) => number,
                Operation::Symbol(index) => values.get(index).copied().unwrap_or(f64::NAN),
                Operation::Negate => -stack.pop(),
                Operation::Add => stack.pop_two(|left, right| left + right),
                Operation::Subtract => stack.pop_two(|left, right| left - right),
                Operation::Multiply => stack.pop_two(|left, right| left * right),
                Operation::Divide if stack.last() == 0.0 => {
                    return Err(EvaluationError::DivisionByZero { position });
                }
                Operation::Divide => stack.pop_two(|left, right| left / right),
                Operation::Power => stack.pop_two(f64::powf),
                Operation::SquareRoot => stack.pop().sqrt(),
                Operation::Absolute => stack.pop().abs(),
                Operation::RootSumSquare(count) => {
                    (0..count).fold(0.0, |sum: f64, _| sum.hypot(stack.pop()))
                }
            };
            if !value.is_finite() {
                return Err(EvaluationError::NotFinite { position });
            }
            stack.0.push(value);
        }
        Ok(stack.pop())
    }
}

/// The numbers an evaluation still needs. A compiled program never takes more than it put there;
/// if it did, it would find NaN, which no step accepts.
struct Stack(Vec<f64>);

impl Stack {
    fn last(&self) -> f64 {
        self.0.last().copied().unwrap_or(f64::NAN)
    }

    fn pop(&mut self) -> f64 {
        self.0.pop().unwrap_or(f64::NAN)
    }

    fn pop_two(&mut self, operation: impl Fn(f64, f64) -> f64) -> f64 {
        let right = self.pop();
        operation(self.pop(), right)
    }
}

/// One step of a postfix program, with the character it comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    operation: Operation,
    position: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operation {
    Number(f64),
    Symbol(usize),
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    SquareRoot,
    Absolute,
    RootSumSquare(usize),
}

impl Operation {
    /// How tightly an operator binds, and whether equals group from the left.
    fn binding(self) -> (u8, bool) {
        match self {
            Self::Add | Self::Subtract => (1, true),
            Self::Multiply | Self::Divide => (2, true),
            Self::Negate => (3, false),
            _ => (4, false),
        }
    }
}

/// Why a text is no equation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message().en)]
pub struct EquationError {
    /// Where: the number of the character, from 1.
    pub position: usize,
    /// What.
    pub problem: EquationProblem,
}

/// What is wrong with an equation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EquationProblem {
    /// Longer than [`Equation::LONGEST`].
    TooLong,
    /// More open brackets than [`Equation::DEEPEST`].
    TooDeep,
    /// A character that has no meaning in an equation.
    UnknownCharacter(char),
    /// Digits that are no decimal number, or one beyond all bounds.
    BadNumber(String),
    /// A symbol that is not declared.
    UnknownSymbol(String),
    /// Something else where a value should be.
    ValueExpected,
    /// Something else where an operator should be.
    OperatorExpected,
    /// A comma outside `Q[…]`.
    StrayComma,
    /// A closing bracket without its opening one.
    StrayClosing,
    /// An opening bracket without its closing one.
    NotClosed,
    /// `Q[…]` with one argument.
    OneArgument,
}

impl EquationError {
    /// What is wrong and what was expected, in both languages.
    pub fn message(&self) -> Text {
        let (vi, en) = self.problem.wordings();
        let position = self.position;
        Text::new(
            format!("phương trình, ký tự thứ {position}: {vi}"),
            format!("equation, character {position}: {en}"),
        )
    }
}

impl EquationProblem {
    fn wordings(&self) -> (String, String) {
        let (vi, en) = match self {
            Self::TooLong => {
                let most = Equation::LONGEST;
                return (
                    format!("phương trình dài quá {most} byte"),
                    format!("an equation has at most {most} bytes"),
                );
            }
            Self::TooDeep => {
                let most = Equation::DEEPEST;
                return (
                    format!("quá {most} cặp ngoặc lồng nhau"),
                    format!("more than {most} nested brackets"),
                );
            }
            Self::UnknownCharacter(character) => {
                return (
                    format!("ký tự “{character}” không dùng được trong phương trình"),
                    format!("“{character}” has no meaning in an equation"),
                );
            }
            Self::BadNumber(number) => {
                let number = shortened(number);
                return (
                    format!("“{number}” không phải là số dùng được; số viết như 0.5 hoặc 5E-7"),
                    format!("“{number}” is no usable number; write 0.5 or 5E-7"),
                );
            }
            Self::UnknownSymbol(symbol) => {
                let symbol = shortened(symbol);
                return (
                    format!("ký hiệu “{symbol}” chưa được khai báo"),
                    format!("the symbol “{symbol}” is not declared"),
                );
            }
            Self::ValueExpected => (
                "cần một số, một ký hiệu, sqrt(…), abs(…), Q[…] hoặc dấu ngoặc mở",
                "expected a number, a symbol, sqrt(…), abs(…), Q[…] or an opening bracket",
            ),
            Self::OperatorExpected => (
                "cần một phép toán hoặc dấu ngoặc đóng; phép nhân viết là 0.5*L",
                "expected an operator or a closing bracket; a product is written 0.5*L",
            ),
            Self::StrayComma => (
                "dấu phẩy chỉ dùng trong Q[a, b]; dấu thập phân là dấu chấm",
                "a comma belongs between the arguments of Q[a, b]; the decimal sign is a point",
            ),
            Self::StrayClosing => (
                "dấu ngoặc đóng không khớp với dấu ngoặc mở nào",
                "this closing bracket matches no opening one",
            ),
            Self::NotClosed => {
                ("dấu ngoặc mở này không được đóng", "this opening bracket is never closed")
            }
            Self::OneArgument => {
                ("Q[…] cần ít nhất hai đối số", "Q[…] takes two or more arguments")
            }
        };
        (vi.to_owned(), en.to_owned())
    }
}

/// Why an equation has no value for the given numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message().en)]
pub enum EvaluationError {
    /// Not one value a symbol.
    WrongCount {
        /// How many symbols are declared.
        expected: usize,
        /// How many values were given.
        found: usize,
    },
    /// A division by zero.
    DivisionByZero {
        /// Where: the number of the character, from 1.
        position: usize,
    },
    /// No finite real number: a root of a negative number, or a number beyond all bounds.
    NotFinite {
        /// Where: the number of the character, from 1.
        position: usize,
    },
}

impl EvaluationError {
    /// What is wrong, in both languages.
    pub fn message(&self) -> Text {
        match self {
            Self::WrongCount { expected, found } => Text::new(
                format!("phương trình có {expected} ký hiệu nhưng nhận được {found} giá trị"),
                format!("the equation has {expected} symbols but was given {found} values"),
            ),
            Self::DivisionByZero { position } => Text::new(
                format!("phương trình, ký tự thứ {position}: chia cho 0"),
                format!("equation, character {position}: division by zero"),
            ),
            Self::NotFinite { position } => Text::new(
                format!(
                    "phương trình, ký tự thứ {position}: kết quả không phải là số thực hữu hạn"
                ),
                format!("equation, character {position}: the result is no finite real number"),
            ),
        }
    }
}

/// A token of an equation.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'t> {
    Number(f64),
    Name(&'t str),
    Operator(Operation),
    Comma,
    /// `(` or `[`.
    Opening(char),
    /// `)` or `]`.
    Closing(char),
}

/// The tokens of a text, each with the number of its first character.
struct Tokens<'t> {
    text: &'t str,
    characters: Peekable<CharIndices<'t>>,
    position: usize,
}

impl<'t> Tokens<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, characters: text.char_indices().peekable(), position: 0 }
    }

    fn all(mut self) -> Result<Vec<(Token<'t>, usize)>, EquationError> {
        let mut tokens = Vec::new();
        while let Some((start, character)) = self.step() {
            let position = self.position;
            let token = match character {
                _ if character.is_whitespace() => continue,
                '+' => Token::Operator(Operation::Add),
                '-' | '−' => Token::Operator(Operation::Subtract),
                '*' | '·' | '⋅' | '×' => Token::Operator(Operation::Multiply),
                '/' => Token::Operator(Operation::Divide),
                '^' => Token::Operator(Operation::Power),
                ',' => Token::Comma,
                '(' | '[' => Token::Opening(character),
                ')' | ']' => Token::Closing(character),
                '0'..='9' => self.number(start)?,
                _ if starts_name(character) => {
                    while self.step_if(|next| starts_name(next) || next.is_ascii_digit()) {}
                    Token::Name(self.since(start))
                }
                other => return Err(problem(position, EquationProblem::UnknownCharacter(other))),
            };
            tokens.push((token, position));
        }
        Ok(tokens)
    }

    /// Digits, a point and digits, an exponent. An `e` that is no exponent is left alone.
    fn number(&mut self, start: usize) -> Result<Token<'t>, EquationError> {
        let position = self.position;
        while self.step_if(|next| next.is_ascii_digit()) {}
        if self.step_if(|next| next == '.') {
            while self.step_if(|next| next.is_ascii_digit()) {}
        }
        let rest = self.characters.peek().map_or("", |(offset, _)| &self.text[*offset..]);
        if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.starts_with(|next: char| next.is_ascii_digit()) {
                for _ in 0..rest.len() - digits.len() {
                    self.step();
                }
                while self.step_if(|next| next.is_ascii_digit()) {}
            }
        }
        let digits = self.since(start);
        match digits.parse::<f64>() {
            Ok(number) if number.is_finite() && !digits.ends_with('.') => Ok(Token::Number(number)),
            _ => Err(problem(position, EquationProblem::BadNumber(digits.to_owned()))),
        }
    }

    fn step(&mut self) -> Option<(usize, char)> {
        let next = self.characters.next()?;
        self.position += 1;
        Some(next)
    }

    fn step_if(&mut self, accepts: impl Fn(char) -> bool) -> bool {
        let accepted = self.characters.next_if(|(_, next)| accepts(*next)).is_some();
        self.position += usize::from(accepted);
        accepted
    }

    fn since(&mut self, start: usize) -> &'t str {
        let end = self.characters.peek().map_or(self.text.len(), |(offset, _)| *offset);
        &self.text[start..end]
    }
}

fn starts_name(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

fn problem(position: usize, problem: EquationProblem) -> EquationError {
    EquationError { position, problem }
}

/// What waits for its right-hand side or its closing bracket.
#[derive(Debug, Clone, Copy)]
enum Pending {
    Operator(Step),
    /// A bracket, with what is done with the value in it and how many arguments there are.
    Bracket {
        opening: char,
        applies: Option<Operation>,
        arguments: usize,
        position: usize,
    },
}

/// Turns infix into postfix (Dijkstra's shunting yard): one pass, one stack, no recursion.
struct Compiler {
    program: Vec<Step>,
    pending: Vec<Pending>,
    depth: usize,
}

fn compile(
    text: &str,
    mut resolve: impl FnMut(&str) -> Option<usize>,
) -> Result<Vec<Step>, EquationError> {
    if text.len() > Equation::LONGEST {
        return Err(problem(1, EquationProblem::TooLong));
    }
    let mut compiler = Compiler { program: Vec::new(), pending: Vec::new(), depth: 0 };
    let mut value_expected = true;
    let mut tokens = Tokens::new(text).all()?.into_iter().peekable();
    while let Some((token, position)) = tokens.next() {
        match (token, value_expected) {
            (Token::Number(number), true) => {
                compiler.emit(Operation::Number(number), position);
                value_expected = false;
            }
            (Token::Name(name), true) => {
                let applies = match (name, tokens.peek()) {
                    ("sqrt", Some((Token::Opening('('), _))) => Some(Operation::SquareRoot),
                    ("abs", Some((Token::Opening('('), _))) => Some(Operation::Absolute),
                    ("Q", Some((Token::Opening('['), _))) => Some(Operation::RootSumSquare(0)),
                    _ => None,
                };
                if applies.is_some() {
                    let opening = if name == "Q" { '[' } else { '(' };
                    tokens.next();
                    compiler.open(opening, applies, position)?;
                } else {
                    let index = resolve(name).ok_or_else(|| {
                        problem(position, EquationProblem::UnknownSymbol(name.to_owned()))
                    })?;
                    compiler.emit(Operation::Symbol(index), position);
                    value_expected = false;
                }
            }
            (Token::Opening('('), true) => compiler.open('(', None, position)?,
            (Token::Operator(Operation::Subtract), true) => {
                let operation = Operation::Negate;
                compiler.pending.push(Pending::Operator(Step { operation, position }));
            }
            (Token::Operator(operation), false) => {
                compiler.operator(Step { operation, position });
                value_expected = true;
            }
            (Token::Comma, false) => {
                compiler.next_argument(position)?;
                value_expected = true;
            }
            (Token::Closing(closing), false) => compiler.close(closing, position)?,
            (_, true) => return Err(problem(position, EquationProblem::ValueExpected)),
            (_, false) => return Err(problem(position, EquationProblem::OperatorExpected)),
        }
    }
    if value_expected {
        return Err(problem(text.chars().count() + 1, EquationProblem::ValueExpected));
    }
    compiler.finish()
}

impl Compiler {
    fn emit(&mut self, operation: Operation, position: usize) {
        self.program.push(Step { operation, position });
    }

    fn open(
        &mut self,
        opening: char,
        applies: Option<Operation>,
        position: usize,
    ) -> Result<(), EquationError> {
        self.depth += 1;
        if self.depth > Equation::DEEPEST {
            return Err(problem(position, EquationProblem::TooDeep));
        }
        self.pending.push(Pending::Bracket { opening, applies, arguments: 1, position });
        Ok(())
    }

    fn operator(&mut self, step: Step) {
        let (binding, from_left) = step.operation.binding();
        self.emit_operators(|waiting| {
            let waiting = waiting.binding().0;
            waiting > binding || (waiting == binding && from_left)
        });
        self.pending.push(Pending::Operator(step));
    }

    /// Emits waiting operators, from the last, as long as they are ready.
    fn emit_operators(&mut self, ready: impl Fn(Operation) -> bool) {
        while let Some(Pending::Operator(step)) = self.pending.last()
            && ready(step.operation)
        {
            self.program.push(*step);
            self.pending.pop();
        }
    }

    fn next_argument(&mut self, position: usize) -> Result<(), EquationError> {
        self.emit_operators(|_| true);
        match self.pending.last_mut() {
            Some(Pending::Bracket { opening: '[', arguments, .. }) => {
                *arguments += 1;
                Ok(())
            }
            _ => Err(problem(position, EquationProblem::StrayComma)),
        }
    }

    fn close(&mut self, closing: char, at: usize) -> Result<(), EquationError> {
        self.emit_operators(|_| true);
        let Some(Pending::Bracket { opening, applies, arguments, position }) = self.pending.pop()
        else {
            return Err(problem(at, EquationProblem::StrayClosing));
        };
        if !matches!((opening, closing), ('(', ')') | ('[', ']')) {
            return Err(problem(at, EquationProblem::StrayClosing));
        }
        self.depth -= 1;
        match applies {
            Some(Operation::RootSumSquare(_)) if arguments < 2 => {
                return Err(problem(position, EquationProblem::OneArgument));
            }
            Some(Operation::RootSumSquare(_)) => {
                self.emit(Operation::RootSumSquare(arguments), position);
            }
            Some(function) => self.emit(function, position),
            None => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Step>, EquationError> {
        self.emit_operators(|_| true);
        match self.pending.last() {
            Some(Pending::Bracket { position, .. }) => {
                Err(problem(*position, EquationProblem::NotClosed))
            }
            _ => Ok(self.program),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str, symbols: &[&str], values: &[f64]) -> f64 {
        let equation = Equation::parse(text, symbols).expect(text);
        equation.evaluate(values).expect(text)
    }

    fn refused(text: &str) -> (usize, EquationProblem) {
        let error = Equation::parse(text, &["L"]).expect_err(text);
        (error.position, error.problem)
    }

    #[test]
    fn root_sum_square() {
        let nanometres = value("Q[50, 0.5*L]", &["L"], &[100.0]);
        assert!((nanometres - 70.710_678_118_654_75).abs() < 1e-12);
        assert_eq!(value("Q[2, 3, 6]", &[], &[]), 7.0);
        assert_eq!(value("2*Q[3, Q[0, 4]]", &[], &[]), 10.0);
        assert_eq!(value("Q[3E-170, 4E-170]", &[], &[]), 5e-170);
    }

    #[test]
    fn operators_bind_as_on_paper() {
        for (text, expected) in [
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3", 9.0),
            ("10 - 4 - 3", 3.0),
            ("12 / 3 / 2", 2.0),
            ("2 ^ 3 ^ 2", 512.0),
            ("-2 ^ 2", -4.0),
            ("2 ^ -2 * 8", 2.0),
            ("2 ^ -1 ^ 3", 0.5),
            ("2 * -3 - -4", -2.0),
            ("6·2 × 3 ⋅ 1 − 1", 35.0),
            ("--1", 1.0),
            ("sqrt(9) + abs(1 - 3)", 5.0),
            ("1.5E2 + 5e-1 + 2E+0", 152.5),
        ] {
            assert_eq!(value(text, &[], &[]), expected, "{text}");
        }
    }

    #[test]
    fn symbols_are_names_in_any_script() {
        assert_eq!(value("Δt_1 + µ*Q - sqrt", &["Δt_1", "µ", "Q", "sqrt"], &[1., 2., 3., 4.]), 3.0);
        let equation = Equation::parse("a + c", &["a", "b", "c"]).expect("an equation");
        assert_eq!(equation.symbols_used().collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(equation.evaluate(&[1.0, f64::NAN, 2.0]), Ok(3.0));
        assert_eq!(
            Equation::symbols_of("Q[b, a*b] + sqrt(c)"),
            Ok(["b", "a", "c"].map(String::from).to_vec())
        );
        // An exponent needs digits; without them `e` begins a name.
        assert_eq!(value("2*e", &["e"], &[3.0]), 6.0);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        use EquationProblem::*;
        for (text, expected) in [
            ("", (1, ValueExpected)),
            ("1 +", (4, ValueExpected)),
            ("* 2", (1, ValueExpected)),
            ("[1, 2]", (1, ValueExpected)),
            ("sqrt()", (6, ValueExpected)),
            ("+1", (1, ValueExpected)),
            ("0.5 L", (5, OperatorExpected)),
            ("0.5L", (4, OperatorExpected)),
            ("2(3)", (2, OperatorExpected)),
            ("L²", (2, UnknownCharacter('²'))),
            ("Q[50; 0.5*L]", (5, UnknownCharacter(';'))),
            ("0,5*L", (2, StrayComma)),
            ("Q[(1, 2), 3]", (5, StrayComma)),
            ("1.", (1, BadNumber("1.".into()))),
            ("1E999", (1, BadNumber("1E999".into()))),
            ("2 * x", (5, UnknownSymbol("x".into()))),
            ("(1", (1, NotClosed)),
            ("1)", (2, StrayClosing)),
            ("Q[1, 2)", (7, StrayClosing)),
            ("Q[1]", (1, OneArgument)),
            ("Q[]", (3, ValueExpected)),
        ] {
            assert_eq!(refused(text), expected, "{text}");
        }
        let error = Equation::parse("Δ + x", &["Δ"]).expect_err("x is not declared");
        assert_eq!(error.to_string(), "equation, character 5: the symbol “x” is not declared");
        assert!(error.message().vi.contains("ký tự thứ 5"));
    }

    #[test]
    fn size_is_bounded() {
        let nested = |depth| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(value(&nested(64), &[], &[]), 1.0);
        assert_eq!(refused(&nested(65)), (65, EquationProblem::TooDeep));
        assert_eq!(refused(&"1".repeat(2_001)), (1, EquationProblem::TooLong));
        assert_eq!(value(&format!("{}1", "-".repeat(1_998)), &[], &[]), 1.0);
    }

    #[test]
    fn no_value_is_an_error() {
        let equation = Equation::parse("sqrt(a) / b", &["a", "b"]).expect("an equation");
        assert_eq!(equation.evaluate(&[4.0, 2.0]), Ok(1.0));
        assert_eq!(
            equation.evaluate(&[4.0, 0.0]),
            Err(EvaluationError::DivisionByZero { position: 9 })
        );
        assert_eq!(
            equation.evaluate(&[-1.0, 1.0]),
            Err(EvaluationError::NotFinite { position: 1 })
        );
        assert_eq!(
            equation.evaluate(&[f64::INFINITY, 1.0]),
            Err(EvaluationError::NotFinite { position: 6 })
        );
        assert_eq!(
            equation.evaluate(&[4.0]),
            Err(EvaluationError::WrongCount { expected: 2, found: 1 })
        );
        let power = Equation::parse("0^-1", &[]).expect("an equation");
        assert_eq!(power.evaluate(&[]), Err(EvaluationError::NotFinite { position: 2 }));
    }

    proptest! {
        #[test]
        fn no_text_and_no_number_panics(
            text in prop_oneof![".{0,60}", "([0-9.eELQxsqrtab ()\\[\\],+*/^·×-]|Q\\[|sqrt\\(){0,40}"],
            number in any::<f64>(),
        ) {
            if let Ok(symbols) = Equation::symbols_of(&text) {
                let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
                let equation = Equation::parse(&text, &symbols).expect("its own symbols");
                let values = vec![number; symbols.len()];
                if let Ok(value) = equation.evaluate(&values) {
                    prop_assert!(value.is_finite());
                }
                prop_assert_eq!(equation.symbols_used().count(), symbols.len());
            }
        }

        #[test]
        fn sums_and_products_are_those_of_the_machine(
            a in -1e6..1e6f64, b in -1e6..1e6f64, c in 1.0..1e6f64,
        ) {
            let symbols = ["a", "b", "c"];
            prop_assert_eq!(value("a + b*c", &symbols, &[a, b, c]), a + b * c);
            prop_assert_eq!(value("(a - b)/c", &symbols, &[a, b, c]), (a - b) / c);
        }
    }
}
