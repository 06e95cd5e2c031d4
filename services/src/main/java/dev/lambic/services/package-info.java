@NullMarked
package dev.lambic.services;

import org.jspecify.annotations.NullMarked;
