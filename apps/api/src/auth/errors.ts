// Failures of sign-in and of user management.
import { DomainError } from '../errors.ts';

export class TooManyTries extends DomainError {
  override readonly name = 'TooManyTries';
  constructor() {
    super('rate-limited', 'MALHA5042', 'Too many tries to sign in; wait a minute.');
  }
}

export class LastAdministrator extends DomainError {
  override readonly name = 'LastAdministrator';
  constructor() {
    super('conflict', 'MALHA5043', 'This is the last administrator; make another one first.');
  }
}

export class UserNotFound extends DomainError {
  override readonly name = 'UserNotFound';
  constructor() {
    super('not-found', 'MALHA5044', 'There is no such user.');
  }
}

export class EmailTaken extends DomainError {
  override readonly name = 'EmailTaken';
  constructor(email: string) {
    super('conflict', 'MALHA5045', `There is a user "${email}" already.`);
  }
}

export class PasswordRefused extends DomainError {
  override readonly name = 'PasswordRefused';
  constructor(message: string) {
    super('invalid', 'MALHA5046', message);
  }
}
