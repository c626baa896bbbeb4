"""The answer: a mixture, what it is predicted to give, what it rests on, what each limit costs."""
